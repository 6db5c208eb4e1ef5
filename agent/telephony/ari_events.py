"""The stream of Asterisk's events: kept open, and found again when it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import aiohttp
import structlog

from agent.errors import ConfigurationError, TelephonyError
from agent.telephony.ari import AriClient, WrongPasswordError
from agent.telephony.backoff import Backoff

log = structlog.get_logger()

AriEvent = dict[str, Any]

_LOOK_AGAIN_S = 5.0
"""How often to see whether the program that took our application has left."""


class LinkState(StrEnum):
    """How we stand with Asterisk's events."""

    CONNECTING = "connecting"
    """Never yet connected."""
    CONNECTED = "connected"
    LOST = "lost"
    """Asterisk is not there; tried again with growing waits. Said once in the log, however long it takes."""
    REPLACED = "replaced"
    """Another program has connected under our application's name. We do not fight for it: taking it back would hang up
    the other's calls, and it would take it again. We return once it has left."""
    CLOSED = "closed"


class AriEvents:
    """Calls `on_event` for every event, in order, and `on_link` when the connection comes or goes.

    Both are called on the event loop and must not block. What they raise is logged and does no further harm.
    """

    def __init__(
        self,
        ari: AriClient,
        *,
        on_event: Callable[[AriEvent], None],
        on_link: Callable[[LinkState], None],
        backoff: Backoff | None = None,
    ) -> None:
        self._ari = ari
        self._on_event = on_event
        self._on_link = on_link
        self._backoff = backoff or Backoff()
        self._task: asyncio.Task[None] | None = None
        self.state = LinkState.CONNECTING
        self.problem: str | None = None
        """One sentence for people while not connected."""
        self._problem_code = ""

    @property
    def connected(self) -> bool:
        """Whether events come in."""
        return self.state is LinkState.CONNECTED

    async def start(self) -> None:
        """Connect, or keep trying in the background if Asterisk is not there.

        Raises ConfigurationError if it is there and refuses our password.
        """
        first: aiohttp.ClientWebSocketResponse | None = None
        try:
            first = await self._open()
        except WrongPasswordError as error:
            raise ConfigurationError(str(error)) from error
        except TelephonyError as error:
            self._lost(error)
        self._task = asyncio.create_task(self._keep(first), name="ari-events")

    async def close(self) -> None:
        """Disconnect for good."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._become(LinkState.CLOSED)

    async def _keep(self, websocket: aiohttp.ClientWebSocketResponse | None) -> None:
        failures = 0 if websocket else 1
        while True:
            if websocket is None:
                await asyncio.sleep(self._backoff.wait_s(failures))
                try:
                    websocket = await self._open()
                except TelephonyError as error:
                    failures += 1
                    self._lost(error)
                    continue
            failures = 1
            if await self._read(websocket):
                await self._until_free()
            websocket = None

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        websocket = await self._ari.open_events()
        self.problem, self._problem_code = None, ""
        log.info("telephony.ari_connected", app=self._ari.app)
        self._become(LinkState.CONNECTED)
        return websocket

    async def _read(self, websocket: aiohttp.ClientWebSocketResponse) -> bool:
        """Pass events on until the connection ends; whether it ended because another program took our place."""
        try:
            async for message in websocket:
                event = _parsed(message)
                if event is None:
                    continue
                if event["type"] == "ApplicationReplaced":
                    self._replaced()
                    return True
                try:
                    self._on_event(event)
                except Exception:
                    log.exception("telephony.event_failed", type=event["type"])
        finally:
            await websocket.close()
        self._lost(TelephonyError("The connection to Asterisk broke; it is tried again.", code="ari_unreachable"))
        return False

    async def _until_free(self) -> None:
        with_whom = True
        while with_whom:
            await asyncio.sleep(_LOOK_AGAIN_S)
            try:
                with_whom = await self._ari.application_exists()
            except TelephonyError:  # Asterisk itself has gone, and so has the other program's connection to it
                with_whom = False

    def _lost(self, error: TelephonyError) -> None:
        locked_out = isinstance(error, WrongPasswordError)
        if locked_out and error.code != self._problem_code:
            log.error("telephony.ari_lost", code=error.code, problem=str(error))
        elif self.state is not LinkState.LOST:
            log.warning("telephony.ari_lost", code=error.code, problem=str(error))
        self.problem, self._problem_code = str(error), error.code
        self._become(LinkState.LOST)

    def _replaced(self) -> None:
        self.problem = (
            f"Another program has taken the place of the Stasis application {self._ari.app!r}: "
            "stop it, or give one of the two another asterisk.app."
        )
        log.error("telephony.ari_replaced", problem=self.problem)
        self._become(LinkState.REPLACED)

    def _become(self, state: LinkState) -> None:
        if state is self.state:
            return
        self.state = state
        try:
            self._on_link(state)
        except Exception:
            log.exception("telephony.link_callback_failed", state=state)


def _parsed(message: aiohttp.WSMessage) -> AriEvent | None:
    if message.type is not aiohttp.WSMsgType.TEXT:
        return None
    try:
        event = json.loads(message.data)
    except ValueError:
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        log.warning("telephony.event_malformed")
        return None
    return event
