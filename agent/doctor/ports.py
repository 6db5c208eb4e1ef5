"""The ports that the agent listens on: free, or held by the agent itself."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from dataclasses import dataclass

import aiohttp
import psutil

from agent.doctor.check import Check, broken, good, warning
from agent.settings import HttpSettings, MediaSettings

_ASK_S = 2.0
_FAMILIES = (socket.AF_INET, socket.AF_INET6)


@dataclass(frozen=True, slots=True)
class RunningAgent:
    """What an agent that runs with this configuration says of itself."""

    ready: bool
    checks: dict[str, bool]
    """What a call needs, and whether it is there: `asterisk`, `ears`, …"""


async def find_running_agent(http: HttpSettings) -> RunningAgent | None:
    """The agent that answers at `http`; None where none does, or what answers is something else."""
    if not http.port:
        return None
    host = _reachable(http.bind)
    url = f"http://[{host}]:{http.port}/readyz" if ":" in host else f"http://{host}:{http.port}/readyz"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_S)) as session,
            session.get(url) as response,
        ):
            answer = await response.json()
        return RunningAgent(
            bool(answer["ready"]), {str(name): bool(is_there) for name, is_there in answer["checks"].items()}
        )
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError, AttributeError):
        return None


def check_http_port(http: HttpSettings, running: RunningAgent | None) -> Check:
    """Whether the agent can listen there, or does."""
    if running is not None:
        return good("http_port", f"the agent is running and answers at {http.bind}:{http.port}")
    return _check_port("http_port", "http", http.bind, http.port)


def check_media_port(media: MediaSettings, running: RunningAgent | None) -> Check:
    """Whether Asterisk can bring the sound there, and nobody else can."""
    if running is not None:
        return good("media_port", f"the running agent takes sound at {media.bind}:{media.port}")
    check = _check_port("media_port", "media", media.bind, media.port)
    if check.code == "ok" and not _is_private(media.bind):
        return warning(
            "media_port", "media_port_open",
            f"media.bind is {media.bind}, and AudioSocket knows no passwords",
            "bind to loopback or a private network, or let a firewall admit Asterisk alone.",
        )  # fmt: skip
    return check


def _check_port(name: str, section: str, host: str, port: int) -> Check:
    where = f"{host}:{port}"
    try:
        _bind(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return broken(
                name, "port_taken", f"{where} is taken by {_holder(port)}",
                f"end that program, or set {section}.port to a free port.",
            )  # fmt: skip
        if error.errno == errno.EACCES:
            return broken(name, "port_forbidden", f"{where} may not be used", f"set {section}.port to one above 1023.")
        return broken(
            name, "no_such_address", f"{host} is no address of this machine",
            f"set {section}.bind to 127.0.0.1, or to an address of this machine.",
        )  # fmt: skip
    return good(name, f"{where} is free" if port else f"any free port on {host} will be taken")


def _bind(host: str, port: int) -> None:
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)


def _holder(port: int) -> str:
    try:
        listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        found = [connection.pid for connection in listening if getattr(connection.laddr, "port", None) == port]
        pid = next(pid for pid in found if pid is not None)
        name = psutil.Process(pid).name()
    except (StopIteration, psutil.Error, OSError):
        return "another program"
    return f"the doctor itself ({pid})" if pid == os.getpid() else f"{name} (process {pid})"


def _is_private(host: str) -> bool:
    """Whether strangers on the internet cannot reach it, as far as addresses tell."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name
        return True
    if not address.is_unspecified:
        return address.is_private
    own = [one.address for addresses in psutil.net_if_addrs().values() for one in addresses if one.family in _FAMILIES]
    return all(ipaddress.ip_address(text.partition("%")[0]).is_private for text in own)


def _reachable(bind: str) -> str:
    """An address at which what listens on `bind` can be reached from here."""
    try:
        address = ipaddress.ip_address(bind)
    except ValueError:
        return bind
    return {4: "127.0.0.1", 6: "::1"}[address.version] if address.is_unspecified else bind
