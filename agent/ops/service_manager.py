"""Tells systemd how the server is, where systemd started it (`Type=notify`), and feeds its watchdog."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

BEATS = 3
"""In the time of the watchdog: two may be missed."""
STATUS_EVERY_S = 10.0
"""Where there is no watchdog."""
LATE_S = 1.0
"""An event loop that comes to a beat so late is not healthy: sound is due every 20 ms."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the server is at a beat."""

    healthy: bool
    status: str
    """One line for `systemctl status`."""
    stopping: bool = False
    """More time is asked for, as long as the beats go on."""


class ServiceManager:
    """The datagram socket of sd_notify(3); without one nothing is sent."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        """Takes what systemd left in `environ`, so that no child talks in our name."""
        address = environ.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        microseconds = environ.pop("WATCHDOG_USEC", "")
        for_us = environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s = int(microseconds) / 1_000_000 if for_us and microseconds.isdigit() else 0.0
        """The service is killed when it has not been fed for so long; 0: there is no watchdog."""
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.settimeout(0)

    def notify(self, **fields: str | int) -> None:
        """Send fields such as `READY=1`. Never raises, never waits."""
        if self._socket is None:
            return
        text = "\n".join(f"{name}={value}" for name, value in fields.items())
        try:
            self._socket.sendto(text.encode(), self._address)
        except OSError as error:
            log.debug("service_manager.not_told", error=str(error))

    async def beat(self, pulse: Callable[[], Pulse], *, clock: Callable[[], float] | None = None) -> None:
        """Tell how the server is, again and again, until cancelled; the watchdog is fed while it is healthy."""
        if self._socket is None:
            return
        every_s = self.watchdog_s / BEATS if self.watchdog_s else STATUS_EVERY_S
        clock = clock or asyncio.get_running_loop().time
        due = clock()
        while True:
            late_s = clock() - due
            self._beat(pulse(), late_s, every_s)
            due = clock() + every_s
            await asyncio.sleep(every_s)

    def close(self) -> None:
        """Say no more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _beat(self, pulse: Pulse, late_s: float, every_s: float) -> None:
        fields: dict[str, str | int] = {"STATUS": pulse.status}
        healthy = pulse.healthy and late_s < LATE_S
        if healthy and self.watchdog_s:
            fields["WATCHDOG"] = 1
        if healthy and pulse.stopping:
            fields["EXTEND_TIMEOUT_USEC"] = round(BEATS * every_s * 1_000_000)
        if not healthy:
            log.error("service_manager.not_fed", late_s=round(late_s, 3), healthy=pulse.healthy)
        self.notify(**fields)
