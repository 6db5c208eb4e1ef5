"""Free ports."""

from __future__ import annotations

import errno
import socket
from contextlib import ExitStack
from dataclasses import dataclass, replace

from agent.asterisk.config import AsteriskConfig
from agent.errors import ConfigurationError, SetupError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Listener:
    """Where an Asterisk of this configuration has to listen."""

    key: str
    """Field of AsteriskConfig."""
    host: str
    port: int
    kinds: tuple[socket.SocketKind, ...]

    def open(self, stack: ExitStack) -> int:
        """Hold the port (any free one for 0) until the stack is closed; returns its number. Raises OSError if taken."""
        port = self.port
        for kind in self.kinds:
            sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
            if kind is socket.SOCK_STREAM:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.host, port))
            port = sock.getsockname()[1]
        return port


def listeners(config: AsteriskConfig) -> tuple[Listener, ...]:
    """All of a configuration."""
    tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
    return (
        Listener("ari_port", LOOPBACK, config.ari_port, (tcp,)),
        Listener("ami_port", LOOPBACK, config.ami_port, (tcp,)),
        Listener("sip_port", config.sip_bind, config.sip_port, (tcp, udp)),
    )


def with_free_ports(config: AsteriskConfig) -> AsteriskConfig:
    """The configuration with a free port in place of each 0.

    A port is free at this moment; another program can take it before Asterisk does, so check afterwards and try again.
    Raises ConfigurationError where a port that was asked for by number is taken or forbidden.
    """
    with ExitStack() as held:
        found = {listener.key: _hold(listener, held) for listener in listeners(config)}
    return replace(config, ari_port=found["ari_port"], ami_port=found["ami_port"], sip_port=found["sip_port"])


def _hold(listener: Listener, held: ExitStack) -> int:
    for _ in range(20):
        try:
            return listener.open(held)
        except OSError as error:
            where = f"port {listener.port} on {listener.host}"
            if error.errno == errno.EADDRNOTAVAIL:
                raise ConfigurationError(f"{listener.host} is no address of this machine; change sip_bind.") from error
            if error.errno == errno.EACCES:
                raise ConfigurationError(f"Asterisk may not use {where}; change {listener.key}.") from error
            if listener.port:
                raise ConfigurationError(
                    f"Asterisk cannot use {where}, another program has it; end that program or change {listener.key}.",
                    code="port_taken",
                ) from error
    raise SetupError(f"No free port was found on {listener.host}.")
