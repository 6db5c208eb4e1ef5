"""The switchboard: makes a call of every channel that Asterisk hands us, places calls of ours, and tells each call what
happens to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
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
from agent.telephony.ari import AriClient
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
from agent.telephony.housekeeper import Housekeeper
from agent.telephony.inbound_session import InboundSession, Verdict
from agent.telephony.legs import Legs
from agent.telephony.media_path import MediaPath
from agent.telephony.outbound_session import OutboundSession
from agent.telephony.reception import Reception, refused
from agent.telephony.reconcile import Held
from agent.telephony.side_sounds import SideSounds

if TYPE_CHECKING:
    from agent.media.server import AudioSocketServer

log = structlog.get_logger()


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
        self._housekeeper = Housekeeper(ari, self)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that are not over."""
        return tuple(session.call for session in self._sessions.values())

    @property
    def going(self) -> bool:
        """Whether it looks after its calls, as it must from `start` to `close`, with Asterisk and without."""
        return self._housekeeper.going

    @property
    def linked(self) -> bool:
        """Whether Asterisk's events reach us now."""
        return self.events.connected

    def session(self, call_id: str) -> CallSession | None:
        """The call of that id, while it goes on."""
        return self._sessions.get(call_id)

    async def start(self) -> None:
        """Connect and take calls. Returns without Asterisk where it is not there: it is then looked for.

        Raises ConfigurationError if it refuses our password, or if it cannot be told where to bring the sound.
        """
        self._address = advertised(self._settings.media.advertise, self._media.address)
        await self.events.start()
        self._housekeeper.start()

    async def close(self) -> None:
        """End what is left and disconnect."""
        self.drain.hurry()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._housekeeper.close()
        await self.sounds.close()
        await self.legs.close()
        await self.events.close()
        if self._tasks:  # who rang in the last moment
            await asyncio.wait(self._tasks)
        await self.drain.close()

    def held(self) -> list[Held]:
        """See Tenants."""
        return [*(session.held for session in self._sessions.values()), *self.legs.held, *self.sounds.held]

    def vanished(self, channel_ids: Collection[str], *, restarted: bool) -> None:
        """See Tenants."""
        for session in list(self._sessions.values()):
            if session.channel_id in channel_ids:
                session.vanished(restarted=restarted)
        self.legs.vanished(channel_ids, restarted=restarted)

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
            self._housekeeper.marker_heard(str(event.get("eventname")))
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
            self._spawn(self._housekeeper.remove_channel(channel.id))
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
            self._housekeeper.look_now()
        else:
            self.legs.link_lost()
        if self._on_link is not None:
            self._on_link(state)

    async def _follow_again(self, session: CallSession) -> None:
        if not session.channel_id:
            return
        try:
            await self._ari.subscribe(session.channel_id)
        except TelephonyError as error:
            log.debug("telephony.follow_failed", call_id=session.call.id, code=error.code)
