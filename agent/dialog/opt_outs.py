"""Who does not want to be called again is told so, and let go; and the number comes on the do-not-call list."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.dialog.guide import Reply
from agent.dialog.opt_out import wants_no_more_calls
from agent.domain.agent import Agent
from agent.domain.call import Direction, EndedReason
from agent.domain.destination import is_e164
from agent.domain.events import CallChanged, Event, EventSink, OptedOut, TurnEnded
from agent.domain.turns import Speaker


class OptOuts:
    """A Guide: the call is over, politely. A script says it in its own words."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def consider(self, text: str) -> Reply | None:
        """See Guide."""
        if not wants_no_more_calls(text):
            return None
        promise = self._agent.phrases.will_not_call
        return Reply(lambda turn: turn.say_and_end(promise, EndedReason.AGENT_HANGUP))


class OptOutWatch:
    """An EventSink that hears all calls of a server: what is said in a turn that counts tells who opts out.

    It hears the record's own turns, so that no wish is lost to whoever answers it, nor to a call that ends with it.
    """

    def __init__(self, tell: EventSink) -> None:
        """`tell` is told of each call in which somebody opted out, once."""
        self._tell = tell
        self._numbers: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        """See EventSink."""
        match event:
            case CallChanged(call=call):
                if call.status.terminal:
                    self._numbers.pop(call.id, None)
                elif call.answered_at is not None:
                    theirs = call.callee if call.direction is Direction.OUTBOUND else call.caller
                    if is_e164(theirs):
                        self._numbers[call.id] = theirs
            case TurnEnded(turn=turn):
                if turn.speaker is Speaker.CALLER and wants_no_more_calls(turn.text):
                    self._opted_out(event.call_id)

    def _opted_out(self, call_id: str) -> None:
        number = self._numbers.pop(call_id, None)
        if number is not None:
            self._tell(OptedOut(call_id, datetime.now(UTC), number=number))
