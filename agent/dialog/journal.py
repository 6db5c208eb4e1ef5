"""What happens in one call, told to the history (for the model) and as events (for everyone else)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from agent.dialog.agent_turn import AgentTurn
from agent.dialog.history import History
from agent.dialog.listener import Utterance
from agent.domain.events import EventSink, SpeechStarted, Trouble, TurnEnded
from agent.domain.turns import Speaker, Timings, Turn
from agent.errors import PhoneAgentError


class Journal:
    """Numbers the turns and keeps the call's clock, which starts with the conversation."""

    def __init__(self, call_id: str, history: History, sink: EventSink) -> None:
        self._call_id = call_id
        self._sink = sink
        self._turns = 0
        self._began = asyncio.get_running_loop().time()
        self.history = history

    def clock(self, loop_time: float | None = None) -> float:
        """Seconds since the answer, of now or of a time of the event loop."""
        return (asyncio.get_running_loop().time() if loop_time is None else loop_time) - self._began

    def caller_turn(self, utterance: Utterance, text: str) -> None:
        """The caller said something that was understood."""
        self.history.caller_said(text)
        self._turn_ended(Speaker.CALLER, text, utterance.started_s, utterance.ended_s)

    def agent_began(self, text: str) -> None:
        """The first sound of the agent's turn was sent."""
        self._sink(SpeechStarted(self._call_id, datetime.now(UTC), turn_index=self._turns, text=text))

    def agent_turn(self, turn: AgentTurn, timings: Timings) -> None:
        """The agent's turn is over; one of which nothing was heard leaves no trace."""
        heard = turn.heard
        if turn.started_at is None or not heard:
            return
        self.history.agent_was_heard(heard, interrupted=turn.interrupted)
        self._turn_ended(
            Speaker.AGENT,
            heard,
            self.clock(turn.started_at),
            self.clock(),
            interrupted=turn.interrupted,
            timings=timings,
        )

    def trouble(self, error: PhoneAgentError) -> None:
        """A part failed and is dealt with."""
        self._sink(Trouble(self._call_id, datetime.now(UTC), code=error.code, message=str(error)))

    def _turn_ended(
        self,
        speaker: Speaker,
        text: str,
        started_at: float,
        ended_at: float,
        *,
        interrupted: bool = False,
        timings: Timings | None = None,
    ) -> None:
        turn = Turn(self._turns, speaker, text, started_at, ended_at, interrupted, timings or Timings())
        self._turns += 1
        self._sink(TurnEnded(self._call_id, datetime.now(UTC), turn=turn))
