"""The state of telephones and trunks, watched through AMI."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from agent.errors import ConfigurationError, TelephonyError
from agent.settings import AsteriskSettings
from agent.telephony.ami_link import AmiLink, AmiPasswordError
from agent.telephony.ami_look import Lines, look
from agent.telephony.ami_state import Endpoint, Trunk
from agent.telephony.backoff import Backoff
from agent.telephony.waiting import first_of

log = structlog.get_logger()

LOOK_EVERY_S = 30.0
"""Events tell of changes at once; this finds what no event tells, and a connection that has died without a word."""
SETTLE_S = 0.5
"""Changes come in bursts, such as all telephones registering after a restart: look once for all of them."""
_TRIGGERS = ("Registry", "ContactStatus", "PeerStatus")


class AmiMonitor:
    """Keeps a snapshot of endpoints and trunks, and keeps connected. Belongs to one event loop."""

    def __init__(
        self,
        settings: AsteriskSettings,
        *,
        on_change: Callable[[], None] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """`on_change` is called when the snapshot or `connected` changed; it must not block."""
        self._settings = settings
        self._password = settings.ami_password.get_secret_value()
        self._on_change = on_change
        self._backoff = backoff or Backoff()
        self._endpoints: tuple[Endpoint, ...] = ()
        self._trunks: tuple[Trunk, ...] = ()
        self._task: asyncio.Task[None] | None = None
        self._told = ""
        self.connected = False
        self.problem: str | None = None
        """One sentence for people where something is not as it should be."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints by name; empty while not connected."""
        return self._endpoints

    def trunks(self) -> tuple[Trunk, ...]:
        """All trunks by name; empty while not connected."""
        return self._trunks

    async def start(self) -> None:
        """Connect, or keep trying in the background if Asterisk is not there.

        Raises ConfigurationError if it is there and refuses our password.
        """
        if not (self._settings.ami_user + self._password).isprintable():
            raise ConfigurationError("asterisk.ami_user and asterisk.ami_password must not contain line breaks.")
        link: AmiLink | None = None
        try:
            link = await self._open()
        except AmiPasswordError as error:
            raise ConfigurationError(str(error)) from error
        except TelephonyError as error:
            self._lost(error)
        self._task = asyncio.create_task(self._keep(link), name="ami-monitor")

    async def close(self) -> None:
        """Disconnect for good."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._set(connected=False)

    async def _keep(self, link: AmiLink | None) -> None:
        failures = 0 if link else 1
        while True:
            if link is None:
                await asyncio.sleep(self._backoff.wait_s(failures))
                try:
                    link = await self._open()
                except TelephonyError as error:
                    failures += 1
                    self._lost(error)
                    continue
            failures = 1
            try:
                await self._watch(link)
            except TelephonyError as error:
                self._lost(error)
            except Exception as error:
                log.exception("telephony.ami_failed")
                self._lost(TelephonyError(f"Watching Asterisk's manager interface failed: {error!r}"))
            finally:
                link.close()
            link = None

    async def _open(self) -> AmiLink:
        settings = self._settings
        link = AmiLink(
            settings.ami_host,
            settings.ami_port,
            settings.ami_user,
            self._password,
            timeout_s=settings.request_timeout_s,
        )
        await link.open()
        return link

    async def _watch(self, link: AmiLink) -> None:
        """Look at once, after each change, and now and then; ends only by raising TelephonyError."""
        changed = asyncio.Event()
        for event in _TRIGGERS:
            link.on_event(event, changed.set)
        log.info("telephony.ami_connected")
        while True:
            changed.clear()
            await self._look(link)
            await first_of(changed.wait(), link.lost.wait(), timeout_s=LOOK_EVERY_S)
            if changed.is_set():
                await first_of(link.lost.wait(), timeout_s=SETTLE_S)

    async def _look(self, link: AmiLink) -> None:
        lines = await look(link)
        self._report_denied(lines)
        self._set(connected=True, endpoints=lines.endpoints, trunks=lines.trunks)

    def _report_denied(self, lines: Lines) -> None:
        self.problem = None
        if lines.denied:
            self.problem = (
                f"Asterisk's manager interface does not let the user {self._settings.ami_user!r} see all telephones "
                "and trunks: give it `write = system,reporting` in manager.conf."
            )
            if self._told != "denied":
                log.warning("telephony.ami_incomplete", problem=self.problem)
        self._told = "denied" if lines.denied else ""

    def _lost(self, error: TelephonyError) -> None:
        self.problem = str(error)
        if isinstance(error, AmiPasswordError):
            said, say = "ami_unauthorized", log.error
        else:
            said, say = "ami_lost", log.warning
        if self._told != said:
            say("telephony.ami_lost", code=error.code, problem=self.problem)
        self._told = said
        self._set(connected=False)

    def _set(self, *, connected: bool, endpoints: tuple[Endpoint, ...] = (), trunks: tuple[Trunk, ...] = ()) -> None:
        if (connected, endpoints, trunks) == (self.connected, self._endpoints, self._trunks):
            return
        self.connected, self._endpoints, self._trunks = connected, endpoints, trunks
        if self._on_change is not None:
            try:
                self._on_change()
            except Exception:
                log.exception("telephony.ami_callback_failed")
