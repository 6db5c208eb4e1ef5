"""Ports of this machine."""

from __future__ import annotations

import socket

from agent.errors import ConfigurationError


def free_port(host: str, port: int) -> int:
    """`port`, or any free one for 0; raises ConfigurationError if nobody can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} on {host} cannot be used for the language model: {error.strerror}."
            ) from error
        return int(probe.getsockname()[1])
