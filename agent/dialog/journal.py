"""What happens in one call, told to the history (for the model) and as events (for everyone else)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from agent.dialog.agent_turn import AgentTurn
from agent.dialog.caller_turn import CallerTurn
from agent.dialog.captions import Captions
from agent.dialog.history import History
from agent.domain.answered_by import Answer
from agent.domain.events import (
    CallAnsweredBy,
    EventSink,
    FillerSaid,
    KeysEntered,
    ScriptProgressed,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    Trouble,
    TurnEnded,
)
from agent.domain.outbound import ScriptRef
from agent.domain.partial_transcript import NobodyListens, PartialSink
from agent.domain.script_progress import ScriptProgress
from agent.domain.turns import Speaker, Timings, Turn
from agent.errors import PhoneAgentError


class Journal:
    """Numbers the turns and keeps the call's clock, which starts with the conversation."""

    def __init__(self, call_id: str, history: History, sink: EventSink, *, partials: PartialSink | None = None) -> None:
        """`partials` is told what is being said just now."""
        self.call_id = call_id
        self.captions = Captions(call_id, partials or NobodyListens())
        self._sink = sink
        self._turns = 0
        self._fell_silent: float | None = None
        self._began = asyncio.get_running_loop().time()
        self.history = history

    def clock(self, loop_time: float | None = None) -> float:
        """Seconds since the answer, of now or of a time of the event loop."""
        return (asyncio.get_running_loop().time() if loop_time is None else loop_time) - self._began

    def caller_turn(self, turn: CallerTurn) -> None:
        """The caller's turn is closed; one of which nothing was understood leaves no trace."""
        if turn.text:
            if not turn.aside:
                self.history.caller_said(turn.text)
            self._turn_ended(Speaker.CALLER, turn.text, turn.started_s, turn.ended_s)

    def agent_began(self, text: str, *, after_caller: bool = False) -> None:
        """The first sound of the agent's turn was sent; `after_caller`: the turn before it is still to be recorded."""
        index = self._turns + after_caller
        self._sink(SpeechStarted(self.call_id, datetime.now(UTC), turn_index=index, text=text))

    def agent_paused(self) -> None:
        """The agent fell silent for a sound of the caller's."""
        self._fell_silent = self.clock()
        self._sink(SpeechPaused(self.call_id, datetime.now(UTC), turn_index=self._turns))

    def agent_resumed(self) -> None:
        """The agent went on from where it had paused."""
        self._fell_silent = None
        self._sink(SpeechResumed(self.call_id, datetime.now(UTC), turn_index=self._turns))

    def agent_turn(self, turn: AgentTurn, timings: Timings, *, unsaid: str = "") -> None:
        """The agent's turn is over; one of which nothing was heard leaves no trace.

        `unsaid`: what was written of it and had not come to be said.
        """
        self.captions.agent_ends()
        heard, fell_silent, cut = turn.heard, self._fell_silent, turn.interrupted or bool(unsaid)
        self._fell_silent = None
        if turn.started_at is None or not heard:
            return
        self.history.agent_was_heard(turn.heard_of_the_answer, interrupted=turn.interrupted)
        self._turn_ended(
            Speaker.AGENT,
            heard,
            self.clock(turn.started_at),
            fell_silent if cut and fell_silent is not None else self.clock(),
            intended=f"{turn.text} {unsaid}".strip() if cut else None,
            timings=timings,
        )

    def answered_by(self, answer: Answer) -> None:
        """It was decided who answered a call that we made."""
        self._sink(CallAnsweredBy(self.call_id, datetime.now(UTC), answer=answer))

    def keys_entered(self, digits: str) -> None:
        """The caller keyed an entry."""
        self._sink(KeysEntered(self.call_id, datetime.now(UTC), digits=digits))

    def filler_said(self) -> None:
        """A word bridges a long wait."""
        self._sink(FillerSaid(self.call_id, datetime.now(UTC)))

    def trouble(self, error: PhoneAgentError) -> None:
        """A part failed and is dealt with."""
        self._sink(Trouble(self.call_id, datetime.now(UTC), code=error.code, message=str(error)))

    def script_progressed(self, script: ScriptRef | None, progress: ScriptProgress) -> None:
        """The call came further in its script."""
        self._sink(ScriptProgressed(self.call_id, datetime.now(UTC), script=script, progress=progress))

    def _turn_ended(
        self,
        speaker: Speaker,
        text: str,
        started_at: float,
        ended_at: float,
        *,
        intended: str | None = None,
        timings: Timings | None = None,
    ) -> None:
        interrupted = intended is not None
        turn = Turn(self._turns, speaker, text, started_at, ended_at, interrupted, timings or Timings(), intended)
        self._turns += 1
        self._sink(TurnEnded(self.call_id, datetime.now(UTC), turn=turn))
