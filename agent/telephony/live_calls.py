"""What may be asked of a call that is under way."""

from __future__ import annotations

from collections.abc import Callable

from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.commands import Command, HangUp
from agent.domain.transfer import RequestedBy, Transfer, TransferDestination, TransferKind
from agent.errors import TelephonyError
from agent.media.tap import Tap
from agent.telephony.call_session import CallSession
from agent.telephony.ending import Ending


class NotLiveError(TelephonyError):
    """The call is over, is led by another server, or has not reached the state that was needed."""

    code = "call_not_live"


class LiveCalls:
    """The calls that this process leads, by id."""

    def __init__(self, find: Callable[[str], CallSession | None], count: Callable[[], int]) -> None:
        self._find = find
        self._count = count

    def __len__(self) -> int:
        return self._count()

    def __contains__(self, call_id: str) -> bool:
        return self._find(call_id) is not None

    def tell(self, call_id: str, command: Command) -> None:
        """Have the conversation do something. Raises NotLiveError; TelephonyError where too much waits already."""
        session = self._with_agent(call_id)
        session.inputs.commands.put_nowait(command)

    def hang_up(self, call_id: str, farewell: str | None) -> None:
        """End the call: at once, or after a last sentence (empty: the agent's own). Raises NotLiveError."""
        session = self._session(call_id)
        talks = session.call.status is CallStatus.IN_PROGRESS and not session.control.handed_over
        if farewell is not None and talks:
            self.tell(call_id, HangUp(farewell))
        else:
            session.end(Ending(EndedReason.API_HANGUP))

    async def press(self, call_id: str, digits: str) -> None:
        """Press keys towards the caller. Raises NotLiveError, TelephonyError."""
        await self._answered(call_id).inputs.press(digits)

    def transfer(
        self, call_id: str, destination: TransferDestination, *, kind: TransferKind | None, briefing: str
    ) -> Transfer:
        """Hand the caller over; `kind`: another one than the destination's. Raises NotLiveError, TelephonyError."""
        session = self._with_agent(call_id)
        order = session.control.transfer(destination, by=RequestedBy.API, kind=kind, briefing=briefing)
        session.inputs.commands.put_nowait(order)
        return order.transfer

    def hold(self, call_id: str) -> None:
        """Let the caller wait with music. Raises NotLiveError, TelephonyError."""
        session = self._with_agent(call_id)
        session.inputs.commands.put_nowait(session.control.hold())

    def resume(self, call_id: str) -> None:
        """Bring a caller back who was on hold. Raises NotLiveError, TelephonyError."""
        self._answered(call_id).control.resume()

    def call(self, call_id: str) -> Call:
        """The call as it is now. Raises NotLiveError."""
        return self._answered(call_id).call

    def tap(self, call_id: str) -> Tap:
        """Both sides of an answered call as they pass. Raises NotLiveError."""
        stream = self._answered(call_id).path.stream
        if stream is None:
            raise NotLiveError(f"The call {call_id} has no sound here.")
        return stream.tap

    def _session(self, call_id: str) -> CallSession:
        session = self._find(call_id)
        if session is None:
            raise NotLiveError(f"The call {call_id} is not under way here.")
        return session

    def _with_agent(self, call_id: str) -> CallSession:
        """One whose conversation goes on and can be told something."""
        session = self._answered(call_id)
        if session.control.handed_over:
            raise TelephonyError("The caller was transferred; the agent has left the call.", code="call_handed_over")
        if session.inputs.commands.full():
            raise TelephonyError(
                "The call has not done yet what was asked before; try again in a second.", code="call_busy"
            )
        return session

    def _answered(self, call_id: str) -> CallSession:
        session = self._session(call_id)
        if session.call.status is not CallStatus.IN_PROGRESS:
            raise NotLiveError(f"The call {call_id} is {session.call.status}; it must be in-progress.")
        return session
