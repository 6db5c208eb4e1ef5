"""When the caller's turn begins, interrupts and ends: a pure machine, fed with time and speech probability.

Policy, in the order in which it is decided for each window of sound:

1. Speech begins with one window at or above `speech_probability` and lasts while windows stay above that less 0.15,
   so that a probability that hovers about the threshold does not tear a word apart.
2. `interrupt_speech_ms` of speech while the agent talks is an interruption, reported once in a turn.
3. `pause_ms` after the last speech the turn may be over: understanding it can begin. Speech takes that back.
   `end_silence_ms` after the last speech it is over. Both count from the speech, not from its detection.
4. A turn with less than `min_speech_ms` of speech in it was a noise, and so is one shorter than
   `interrupt_speech_ms` during which the agent talked: "mm-hm" neither stops it nor wants an answer.
5. A turn longer than `max_turn_s` is closed and the next one begins, so that an answer and memory stay bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.settings import TurnSettings

HYSTERESIS = 0.15  # Silero's own margin between its start and end thresholds


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The caller may have begun to speak."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The caller speaks while the agent does."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The caller may have finished."""

    ended_ms: int
    """End of the last speech."""


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


Decision = SpeechBegan | Interrupted | Paused | Resumed | TurnOver | NoiseOver


@dataclass(slots=True)
class _Turn:
    """A turn of the caller that has begun."""

    started_ms: int
    last_speech_ms: int
    speech_ms: int = 0
    overlapped: bool = False
    """The agent talked during it."""
    interrupted: bool = False
    """It was long enough to stop the agent, and that was said."""
    paused: bool = False


class TurnTaking:
    """The caller's side of one call."""

    def __init__(self, policy: TurnSettings) -> None:
        self._policy = policy
        self._turn: _Turn | None = None
        self._in_speech = False

    def hear(self, probability: float, at_ms: int, window_ms: int, *, agent_talks: bool) -> list[Decision]:
        """Take one window of sound that ended at `at_ms`; what follows from it, in order."""
        decisions: list[Decision] = []
        policy, turn = self._policy, self._turn
        self._in_speech = probability >= policy.speech_probability - (HYSTERESIS if self._in_speech else 0)
        if turn is None:
            if not self._in_speech:
                return decisions
            turn = self._turn = _Turn(started_ms=at_ms - window_ms, last_speech_ms=at_ms)
            decisions.append(SpeechBegan(turn.started_ms))
        if self._in_speech:
            turn.speech_ms += window_ms
            turn.last_speech_ms = at_ms
            if turn.paused:
                turn.paused = False
                decisions.append(Resumed(at_ms))
        turn.overlapped = turn.overlapped or agent_talks
        if agent_talks and not turn.interrupted and turn.speech_ms >= policy.interrupt_speech_ms:
            turn.interrupted = True
            decisions.append(Interrupted(at_ms))
        silent_ms = at_ms - turn.last_speech_ms
        fell_silent = silent_ms >= policy.end_silence_ms
        too_long = at_ms - turn.started_ms >= policy.max_turn_s * 1000
        if fell_silent or too_long:
            self._turn, self._in_speech = None, False
            decisions.append(self._judge(turn, at_ms))
        elif silent_ms >= policy.pause_ms and not turn.paused and not self._is_noise(turn):
            turn.paused = True
            decisions.append(Paused(turn.last_speech_ms))
        return decisions

    def _judge(self, turn: _Turn, at_ms: int) -> Decision:
        if self._is_noise(turn):
            return NoiseOver(at_ms)
        return TurnOver(turn.started_ms, turn.last_speech_ms, turn.speech_ms)

    def _is_noise(self, turn: _Turn) -> bool:
        is_backchannel = turn.overlapped and turn.speech_ms < self._policy.interrupt_speech_ms
        return turn.speech_ms < self._policy.min_speech_ms or is_backchannel
