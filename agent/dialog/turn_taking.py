"""Whose turn it is: a pure machine, fed with time, speech probability, words, and whether the agent talks.

Policy, in the order in which it is decided:

1. **Speech** begins with one window at or above `speech_probability` and lasts while windows stay above that less 0.15,
   so that a probability that hovers about the threshold does not tear a word apart.
2. **Overlap.** While the agent talks, windows at or above `yield_probability` will do: `yield_speech_ms` of that make
   it fall silent at once (`Yield`). Words commit the interruption
   (`Interrupted`). Silence without words, a backchannel or the agent's own echo take it back (`GoOn`), and so do
   `yield_limit_ms` in which no word was understood; twice that for `LONG_OVERLAP_MS` of speech of which the ears have
   not told anything yet. False alarms in a row make the agent harder to stop. Speech of the agent that is protected is
   not stopped; what the caller says in it is heard like anything else.
3. **Pause.** `pause_ms` after the last speech the turn may be over: understanding it begins (`Paused`). Speech takes
   that back (`Resumed`). Understanding also begins while speech goes on (`Probe`): soon after the agent yielded, and
   every `probe_ms` of unbroken speech, so that it keeps up.
4. **End.** A turn is over (`TurnOver`) when the silence after the last speech has lasted as long as the judge wants for
   the words in it; without words, after `longest_wait_ms`. It counts from the speech, not from its detection.
5. A turn with less than `min_speech_ms` of speech in it was a noise (`NoiseOver`).
6. A turn longer than `max_turn_s` is closed, so that answer and memory stay bounded; what goes on after it without a
   pause neither stops the agent nor holds it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from agent.settings import TurnSettings

HYSTERESIS = 0.15  # Silero's own margin between its start and end thresholds
FALSE_ALARMS = 3
"""After so many in a row the speech that makes the agent yield must be twice as long, up to HARDEST_YIELD_MS, and its
probability higher by HARDER_YIELD, up to `speech_probability`."""
HARDEST_YIELD_MS = 256
HARDER_YIELD = 0.15
RESUME_AFTER_MS = 96  # of silence after a noise: a gap in the agent's speech any shorter sounds like a stutter
YIELD_PROBE_MS = 640  # of speech since the agent yielded: a word or two, longer than a cough
LONG_OVERLAP_MS = 800  # longer than a cough and most "mm-hm": who says so much is heard out where ears are late


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The caller may have begun to speak."""

    at_ms: int
    run_on: bool = False
    """It goes on without a pause from a turn that was closed for its length: the agent need not wait for its end."""


@dataclass(frozen=True, slots=True)
class Yield:
    """The caller makes a sound while the agent talks: it falls silent until more is known."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class GoOn:
    """It was no interruption: the agent goes on from where it fell silent."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The caller said words while the agent talked: they have the turn."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The caller may have finished."""

    ended_ms: int
    """End of the last speech."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The caller goes on speaking; what was said so far can be understood meanwhile."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """The caller had not finished."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class TurnOver:
    """The caller has finished."""

    started_ms: int
    ended_ms: int
    """End of the last speech."""
    speech_ms: int
    """Speech within the turn, pauses left out."""


@dataclass(frozen=True, slots=True)
class NoiseOver:
    """What had begun was no turn."""

    at_ms: int


Decision = SpeechBegan | Yield | GoOn | Interrupted | Paused | Probe | Resumed | TurnOver | NoiseOver


@dataclass(frozen=True, slots=True)
class AgentVoice:
    """What the agent does at this moment."""

    talks: bool = False
    """It says something and has not finished; also while it has yielded."""
    protected: bool = False
    """It may not be interrupted."""


class TurnJudge(Protocol):
    """What words mean for whose turn it is."""

    def wait_ms(self, words: str, finality: float | None) -> int:
        """Silence after `words`, so far all of the turn, that ends it; in milliseconds.

        `finality`: how likely the recogniser found it that a sentence ends there; None: it does not say.
        """
        ...

    def takes_the_turn(self, words: str, speech_ms: int) -> bool:
        """Whether `words`, said in so much speech while the agent talked, are meant to stop it."""
        ...

    def went_on(self, paused_ms: int) -> None:
        """The caller paused for so long within a turn."""
        ...

    def turn_over(self) -> None:
        """The turn has ended."""
        ...


class Overlap(Enum):
    """What a turn of the caller's has to do with speech of the agent's."""

    NONE = "none"
    """The agent was silent."""
    WON = "won"
    """The agent was interrupted by it."""
    YIELDED = "yielded"
    """The agent fell silent for it; whether rightly is not known yet."""
    DENIED = "denied"
    """The agent went on, for want of words; words may still interrupt it."""
    UNDER = "under"
    """The agent may not be interrupted by it."""


@dataclass(slots=True)
class _Turn:
    """A turn of the caller that has begun."""

    started_ms: int
    last_speech_ms: int
    speech_ms: int = 0
    run_ms: int = 0
    """Speech without a break up to now."""
    sure: bool = False
    """A window of it reached `speech_probability`."""
    unheard_ms: int = 0
    """Speech since understanding last began."""
    overlap: Overlap = Overlap.NONE
    yielded_ms: int = 0
    told: bool = False
    """Something is known of its words, be it that there are none."""
    paused: bool = False
    wait_ms: int | None = None
    """Wanted silence after the last speech; None: its words are not known."""


class TurnTaking:
    """The caller's side of one call."""

    def __init__(self, policy: TurnSettings, judge: TurnJudge) -> None:
        self._policy = policy
        self._judge = judge
        self._turn: _Turn | None = None
        self._in_speech = False
        self._runs_on = False
        self._false_alarms = 0

    def hear(self, probability: float, at_ms: int, window_ms: int, agent: AgentVoice) -> list[Decision]:
        """Take one window of sound that ended at `at_ms`; what follows from it, in order."""
        decisions: list[Decision] = []
        turn = self._turn
        self._in_speech = probability >= self._threshold(turn, agent)
        if turn is None:
            self._runs_on = self._runs_on and self._in_speech
            if not self._in_speech:
                return decisions
            turn = self._turn = _Turn(started_ms=at_ms - window_ms, last_speech_ms=at_ms)
            turn.overlap = Overlap.UNDER if self._runs_on else Overlap.NONE
            decisions.append(SpeechBegan(turn.started_ms, self._runs_on))
        turn.sure = turn.sure or probability >= self._policy.speech_probability
        if self._in_speech:
            decisions += self._speech(turn, at_ms, window_ms)
        else:
            turn.run_ms = 0
        decisions += self._overlap(turn, at_ms, agent)
        return decisions + self._silence(turn, at_ms)

    def words(self, text: str, ended_ms: int, at_ms: int, finality: float | None = None) -> list[Decision]:
        """Take what was understood of the turn up to `ended_ms`, at `at_ms`; what follows from it, in order.

        `finality`: see TurnJudge.
        """
        turn = self._turn
        if turn is None:
            return []
        decisions: list[Decision] = []
        turn.told = True
        complete = ended_ms == turn.last_speech_ms and not self._in_speech
        if turn.overlap not in {Overlap.NONE, Overlap.WON}:
            if text and self._judge.takes_the_turn(text, turn.speech_ms):
                if turn.overlap is not Overlap.UNDER:
                    turn.overlap = Overlap.WON
                    self._false_alarms = 0
                    decisions.append(Interrupted(at_ms))
            elif complete:
                return self._end_noise(turn, at_ms)
        if complete:
            turn.wait_ms = self._judge.wait_ms(text, finality)
            decisions += self._silence(turn, at_ms)
        return decisions

    def end_turn(self) -> list[Decision]:
        """A turn that has begun is over now."""
        return [] if self._turn is None else self._end(self._turn)

    def _threshold(self, turn: _Turn | None, agent: AgentVoice) -> float:
        """From which probability on this window is speech."""
        sure, policy = self._policy.speech_probability, self._policy
        if turn is not None and turn.sure:
            return sure - HYSTERESIS if self._in_speech else sure
        may_yield = agent.talks and not agent.protected
        return min(sure, policy.yield_probability + HARDER_YIELD * self._hardness) if may_yield else sure

    def _speech(self, turn: _Turn, at_ms: int, window_ms: int) -> list[Decision]:
        decisions: list[Decision] = []
        if turn.paused:
            turn.paused = False
            turn.unheard_ms = 0
            self._judge.went_on(at_ms - window_ms - turn.last_speech_ms)
            decisions.append(Resumed(at_ms))
        turn.wait_ms = None
        turn.last_speech_ms = at_ms
        turn.speech_ms += window_ms
        turn.run_ms += window_ms
        turn.unheard_ms += window_ms
        due_ms = YIELD_PROBE_MS if turn.overlap is Overlap.YIELDED else self._policy.probe_ms
        if turn.unheard_ms >= due_ms:
            turn.unheard_ms = 0
            decisions.append(Probe(at_ms))
        return decisions

    def _overlap(self, turn: _Turn, at_ms: int, agent: AgentVoice) -> list[Decision]:
        if turn.overlap is Overlap.NONE and agent.talks:
            if agent.protected:
                turn.overlap = Overlap.UNDER
            elif turn.run_ms >= self._yield_speech_ms:
                turn.overlap, turn.yielded_ms = Overlap.YIELDED, at_ms
                return [Yield(at_ms)]
        if turn.overlap in {Overlap.YIELDED, Overlap.DENIED} and not agent.talks:
            had_yielded, turn.overlap = turn.overlap is Overlap.YIELDED, Overlap.NONE
            return [GoOn(at_ms)] if had_yielded else []  # it had come to its end just then
        if turn.overlap is Overlap.YIELDED and at_ms - turn.yielded_ms >= self._yield_limit_ms(turn):
            turn.overlap = Overlap.DENIED
            return self._false_alarm(at_ms)
        return []

    def _silence(self, turn: _Turn, at_ms: int) -> list[Decision]:
        """What the time since the last speech decides."""
        policy = self._policy
        silent_ms = at_ms - turn.last_speech_ms
        too_long = at_ms - turn.started_ms >= policy.max_turn_s * 1000
        wait_ms = policy.longest_wait_ms if turn.wait_ms is None else min(turn.wait_ms, policy.longest_wait_ms)
        if turn.speech_ms < policy.min_speech_ms:
            return self._end_noise(turn, at_ms) if silent_ms >= RESUME_AFTER_MS else []
        if too_long or silent_ms >= wait_ms:
            return self._end(turn)
        if silent_ms >= policy.pause_ms and not turn.paused:
            turn.paused = True
            return [Paused(turn.last_speech_ms)]
        return []

    def _end(self, turn: _Turn) -> list[Decision]:
        self._runs_on = self._in_speech
        self._judge.turn_over()
        self._turn, self._in_speech = None, False
        return [TurnOver(turn.started_ms, turn.last_speech_ms, turn.speech_ms)]

    def _end_noise(self, turn: _Turn, at_ms: int) -> list[Decision]:
        self._turn, self._in_speech = None, False
        taken_back = self._false_alarm(at_ms) if turn.overlap is Overlap.YIELDED else []
        return [*taken_back, NoiseOver(at_ms)]

    def _false_alarm(self, at_ms: int) -> list[Decision]:
        self._false_alarms += 1
        return [GoOn(at_ms)]

    def _yield_limit_ms(self, turn: _Turn) -> int:
        ears_are_late = turn.speech_ms >= LONG_OVERLAP_MS and not turn.told
        return self._policy.yield_limit_ms * (2 if ears_are_late else 1)

    @property
    def _yield_speech_ms(self) -> int:
        usual = self._policy.yield_speech_ms
        return max(usual, min(usual << self._hardness, HARDEST_YIELD_MS))

    @property
    def _hardness(self) -> int:
        """How much harder than usual it is to make the agent yield; 0: as usual."""
        return min(self._false_alarms // FALSE_ALARMS, 8)
