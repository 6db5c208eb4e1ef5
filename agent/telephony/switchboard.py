"""The switchboard: makes a call of every channel that Asterisk hands us, places calls of ours, and tells each call what
happens to it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from agent.domain.agent import AgentRef
from agent.domain.call import Call, CallStatus, Direction, EndedReason
from agent.domain.cost import COST
from agent.domain.dialing import Route
from agent.domain.events import (
    CallChanged,
    CallDeclined,
    CallRefused,
    Event,
    EventSink,
    LookedUp,
    Trouble,
)
from agent.errors import TelephonyError
from agent.ids import new_call_id
from agent.settings import Settings
from agent.telephony.address import advertised
from agent.telephony.ari import AriClient, GoneError
from agent.telephony.ari_events import AriEvent, AriEvents, LinkState
from agent.telephony.ari_model import Channel
from agent.telephony.backoff import Backoff
from agent.telephony.call_session import CallSession, HandleCall, Surroundings
from agent.telephony.channel_events import channel_of
from agent.telephony.connection_attempt import Lines, Switchgear
from agent.telephony.destinations import Destinations
from agent.telephony.doorway import Doorway
from agent.telephony.drain import Drain
from agent.telephony.ending import UNALLOCATED, Ending
from agent.telephony.inbound_session import InboundSession, Verdict
from agent.telephony.legs import Legs
from agent.telephony.media_path import MediaPath
from agent.telephony.outbound_session import OutboundSession
from agent.telephony.reception import Reception, refused
from agent.telephony.reconcile import Held, differences
from agent.telephony.side_sounds import SideSounds

if TYPE_CHECKING:
    from agent.media.server import AudioSocketServer

log = structlog.get_logger()

RECONCILE_EVERY_S = 60.0
"""Repairs what a lost request left behind. Reconnecting does it at once; this is the net below."""
RECONCILE_AGAIN_S = 2.0
"""After an attempt that failed, as it may while Asterisk is still starting."""
_MARKER_S = 5.0
"""Longest wait for Asterisk to send our own marker back."""


class Switchboard:
    """Takes calls while its drain lets it. Belongs to one event loop."""

    def __init__(
        self,
        ari: AriClient,
        media: AudioSocketServer,
        settings: Settings,
        *,
        agent_for: Callable[[str], AgentRef | None],
        handle_call: HandleCall,
        sink: EventSink,
        doorway: Doorway | None = None,
        drain: Drain | None = None,
        reception: Reception | None = None,
        lines: Lines | None = None,
        on_link: Callable[[LinkState], None] | None = None,
        backoff: Backoff | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`agent_for` names the agent that answers a number, None for a number that is not ours.

        Without a `doorway` there is a place for everybody; without a `reception` nobody else is asked who answers;
        without `lines` nothing bounds transfers over trunks.
        """
        self._ari = ari
        self._media = media
        self._settings = settings
        self._agent_for = agent_for
        self._sink = sink
        self._doorway = doorway
        self.drain = drain or Drain(settings.drain, fallback_context=settings.capacity.fallback_context)
        """Whether calls are taken, and how those under way come to their end."""
        self._reception = reception
        self._on_link = on_link
        self._now = now
        self.events = AriEvents(ari, on_event=self._on_event, on_link=self._link_changed, backoff=backoff)
        """The connection to Asterisk's events: `state`, and `problem` while it is not there."""
        self.legs = Legs(ari, linked=lambda: self.events.connected)
        """Channels that we originate."""
        self.sounds = SideSounds(ari, media, address=lambda: self._address, timeout_s=settings.media.admit_timeout_s)
        """Of people who are asked about a call."""
        self._house = Surroundings(
            ari=ari,
            handle_call=handle_call,
            changed=self._changed,
            tell=self._tell,
            legs=self.legs,
            gear=Switchgear(ari, self.legs, Destinations(settings.outbound), lines, self.sounds.sound),
            linked=lambda: self.events.connected,
            now=now,
            prepare=reception.prepare if reception is not None else None,
            agent_left=self._agent_left,
        )
        self._address = ""
        self._sessions: dict[str, CallSession] = {}
        self._by_channel: dict[str, Callable[[AriEvent], None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._started_at: str | None = None
        self._reconcile_now = asyncio.Event()
        self._housekeeper: asyncio.Task[None] | None = None
        self._markers: dict[str, asyncio.Event] = {}
        self._marker_numbers = itertools.count(1)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that are not over."""
        return tuple(session.call for session in self._sessions.values())

    @property
    def going(self) -> bool:
        """Whether it looks after its calls, as it must from `start` to `close`, with Asterisk and without."""
        return self._housekeeper is not None and not self._housekeeper.done()

    def session(self, call_id: str) -> CallSession | None:
        """The call of that id, while it goes on."""
        return self._sessions.get(call_id)

    async def start(self) -> None:
        """Connect and take calls. Returns without Asterisk where it is not there: it is then looked for.

        Raises ConfigurationError if it refuses our password, or if it cannot be told where to bring the sound.
        """
        self._address = advertised(self._settings.media.advertise, self._media.address)
        await self.events.start()
        self._housekeeper = asyncio.create_task(self._keep_house(), name="switchboard-housekeeper")

    async def close(self) -> None:
        """End what is left and disconnect."""
        self.drain.hurry()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._housekeeper is not None:
            self._housekeeper.cancel()
            await asyncio.wait({self._housekeeper})
        await self.sounds.close()
        await self.legs.close()
        await self.events.close()
        if self._tasks:  # who rang in the last moment
            await asyncio.wait(self._tasks)
        await self.drain.close()

    def _changed(self, call: Call) -> None:
        log.info("call.changed", call_id=call.id, status=call.status, reason=call.ended_reason, agent=call.agent)
        self._tell(CallChanged(call_id=call.id, at=self._now(), call=call))

    def _tell(self, event: Event) -> None:
        try:
            self._sink(event)
        except Exception:
            log.exception("telephony.sink_failed", call_id=event.call_id)

    def _on_event(self, event: AriEvent) -> None:
        if event["type"] == "ChannelUserevent":
            marker = self._markers.get(str(event.get("eventname")))
            if marker is not None:
                marker.set()
            return
        channel_id = channel_of(event)
        if (tell := self._by_channel.get(channel_id)) is not None:
            tell(event)
        elif self.legs.tell(channel_id, event) or self.sounds.tell(channel_id, event):
            pass
        elif event["type"] == "StasisStart":
            self._arrived(event)

    def _arrived(self, event: AriEvent) -> None:
        channel = Channel.of(event["channel"])
        if "replace_channel" in event or channel.id.startswith(f"{self._ari.app}."):
            # A caller's REFER puts a channel into ours's place; or a media channel outlived its call.
            log.warning("telephony.unexpected_channel", channel=channel.id)
            self._spawn(self._remove_channel(channel.id))
            return
        agent = self._agent_for(channel.dialled)
        call = Call(
            id=new_call_id(),
            direction=Direction.INBOUND,
            caller=channel.caller,
            callee=channel.dialled,
            agent=agent.name if agent else "",
            agent_version=agent.version if agent else None,
            status=CallStatus.RINGING,
            created_at=self._now(),
        )
        path = self._path(call)
        self._changed(call)
        session = InboundSession(call, channel.id, path, self._house)
        if self._reception is not None and self.drain.state is None and self._reception.asks_about(call):
            session.receive = self._receive
        else:
            session.verdict = self._verdict(call)
        self._lead(session)

    async def place(self, call: Call, route: Route) -> Call:
        """See CallPlacer. It goes on where who waits for it is cancelled.

        A call that a drain has kept from being dialled at all comes back `queued`, as it was.
        """
        if self.drain.state is not None:
            return call
        session = OutboundSession(
            call,
            self._path(call),
            self._house,
            route,
            admit=lambda: self._admitted(call),
            draining=lambda: self.drain.state is not None,
        )
        await asyncio.wait({self._lead(session)})
        return session.call

    async def _admitted(self, call: Call) -> None:
        if self._doorway is not None:
            await self._doorway.admit(call)

    def _agent_left(self, call_id: str) -> None:
        if self._doorway is not None:
            self._doorway.leave(call_id)

    def _path(self, call: Call) -> MediaPath:
        return MediaPath(
            self._ari,
            self._media,
            address=self._address,
            key=call.id.removeprefix("call_"),
            timeout_s=self._settings.media.admit_timeout_s,
        )

    def _lead(self, session: CallSession) -> asyncio.Task[None]:
        self._sessions[session.call.id] = session
        self.drain.entered(session)
        self._by_channel |= session.listens
        return self._spawn(self._run(session))

    async def _receive(self, call: Call) -> tuple[Call, Verdict]:
        if self._reception is None:
            return call, self._verdict(call)
        call, lookup = await self._reception.ask(call)
        self._tell(LookedUp(call_id=call.id, at=self._now(), call=call, lookup=lookup))
        if lookup.code:
            log.warning("telephony.lookup_failed", call_id=call.id, code=lookup.code, error=lookup.problem)
            self._tell(Trouble(call_id=call.id, at=self._now(), code=lookup.code, message=lookup.problem))
        if lookup.refusal is not None:
            self._tell(CallDeclined(call_id=call.id, at=self._now(), reason=lookup.refusal))
            return call, refused(lookup.refusal)
        return call, self._verdict(call)

    def _verdict(self, call: Call) -> Verdict:
        if not call.agent:
            log.warning("telephony.unknown_number", call_id=call.id)
            return Ending(EndedReason.INVALID_DESTINATION, refusal=UNALLOCATED)
        if (refusal := self.drain.refusal()) is not None:
            rule, ending = refusal
            self._tell(CallRefused(call.id, self._now(), rule=rule, calls=len(self._sessions), capacity=0))
            return ending
        return None if self._doorway is None else self._doorway.enter(call, self._tell)

    async def _run(self, session: CallSession) -> None:
        structlog.contextvars.bind_contextvars(call_id=session.call.id)  # in all that is logged for this call
        COST.set(session.cost)
        listens = session.listens
        try:
            await session.run()
        finally:
            if self._doorway is not None:
                self._doorway.leave(session.call.id)
            del self._sessions[session.call.id]
            for channel_id in listens:
                del self._by_channel[channel_id]
            self.drain.left(session.call.id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _link_changed(self, state: LinkState) -> None:
        for session in self._sessions.values():
            if state is LinkState.CONNECTED:
                session.link_back()
                self._spawn(self._follow_again(session))
            else:
                session.link_lost()
        if state is LinkState.CONNECTED:
            self.legs.link_back()
            self._reconcile_now.set()
        else:
            self.legs.link_lost()
        if self._on_link is not None:
            self._on_link(state)

    async def _keep_house(self) -> None:
        wait_s = RECONCILE_EVERY_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):  # wait_for swallows a cancellation that comes with the event
                    await self._reconcile_now.wait()
            self._reconcile_now.clear()
            wait_s = RECONCILE_EVERY_S
            if not self.events.connected:
                continue
            try:
                await self._reconcile()
            except TelephonyError as error:
                log.debug("telephony.reconcile_failed", code=error.code)
                wait_s = RECONCILE_AGAIN_S
            except Exception:
                log.exception("telephony.reconcile_failed")

    async def _reconcile(self) -> None:
        before = self._held()
        channels, bridges = await self._ari.channels(), await self._ari.bridges()
        started_at = (await self._ari.info()).started_at  # asked last: a restart before this is noticed
        restarted = self._started_at not in {None, started_at}
        self._started_at = started_at
        await self._all_heard()
        found = differences(self._ari.app, channels, bridges, before, self._held())
        for session in list(self._sessions.values()):
            if session.channel_id in found.lost_callers:
                session.vanished(restarted=restarted)
        self.legs.vanished(found.lost_callers, restarted=restarted)
        if found.stray_channels or found.stray_bridges:
            log.warning(
                "telephony.strays_removed", channels=len(found.stray_channels), bridges=len(found.stray_bridges)
            )
        await asyncio.gather(
            *(self._remove_channel(channel_id) for channel_id in found.stray_channels),
            *(self._remove_bridge(bridge_id) for bridge_id in found.stray_bridges),
        )

    def _held(self) -> list[Held]:
        return [*(session.held for session in self._sessions.values()), *self.legs.held, *self.sounds.held]

    async def _all_heard(self) -> None:
        """Return when every event that Asterisk had for us until now was heard."""
        name = f"{self._ari.app}-marker-{next(self._marker_numbers)}"
        heard = self._markers[name] = asyncio.Event()
        try:
            await self._ari.send_marker(name)
            async with asyncio.timeout(_MARKER_S):
                await heard.wait()
        except TimeoutError:
            raise TelephonyError("Asterisk did not send our marker back.", code="ari_timeout") from None
        finally:
            del self._markers[name]

    async def _follow_again(self, session: CallSession) -> None:
        if not session.channel_id:
            return
        try:
            await self._ari.subscribe(session.channel_id)
        except TelephonyError as error:
            log.debug("telephony.follow_failed", call_id=session.call.id, code=error.code)

    async def _remove_channel(self, channel_id: str) -> None:
        await _removed(self._ari.hang_up(channel_id), channel_id)

    async def _remove_bridge(self, bridge_id: str) -> None:
        await _removed(self._ari.destroy_bridge(bridge_id), bridge_id)


async def _removed(removal: Coroutine[Any, Any, None], what: str) -> None:
    try:
        await removal
    except GoneError:
        pass
    except TelephonyError as error:
        log.warning("telephony.removal_failed", id=what, code=error.code)
