"""What came of one sound that wanted no answer: whether the agent went on, when, and with what. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.bench.conversation.interruption import interrupted_turn, just_before
from agent.bench.conversation.sound_match import Join
from agent.rehearsal.alignment import CLOCK_TOLERANCE_S, Told
from agent.rehearsal.performance import Said
from agent.testing.measure import Span
from agent.testing.softphone.rtp import RATE

WITHIN_S = 2.0
"""So soon after the end of the sound, or of its own speech where that goes on beyond it, the agent must be heard."""
BEGINS_WITHIN_S = 0.2
"""A turn is told to begin when its first sound is sent; at the telephone that comes some packets later."""
SHORTEST_PAUSE = RATE // 10
"""A gap shorter than 100 ms is no pause of the agent's but a late packet: the row `frames` counts those."""
NOT_SPEAKING = "the agent did not speak at that moment"
NOTHING_LEFT = "the agent's turn ended by itself under the sound"


@dataclass(frozen=True, slots=True)
class Aside:
    """One of them, as measured at the caller's telephone."""

    call: str
    said: str
    """The words, or the kind of noise."""
    origin: str
    greeting: bool
    """It was uttered over the fixed greeting, not over an answer of the language model."""
    onset_s: float = 0.0
    length_s: float = 0.0
    unjudged: str | None = None
    """Why it cannot be judged; None where it can."""
    silent_after_ms: float | None = None
    """From the onset to the agent's last sound; None: it spoke on until 2 s after the sound."""
    back_after_ms: float | None = None
    """From the end of the sound to the agent's voice, 0 where it never stopped; None: it did not come back in time."""
    same_turn: bool = False
    """What came was the rest of the same turn and not another one."""
    given_up: bool = False
    """By its own account the agent cut that turn after all, before anything else was uttered."""
    lost_ms: float | None = None
    """Speech that never came; None where it cannot be told: the sentence was not the fixed greeting."""
    repeated_ms: float | None = None
    exact: bool | None = None
    """Nothing of a syllable's length was lost or repeated; None where it cannot be told."""

    @property
    def judged(self) -> bool:
        """Whether it counts."""
        return self.unjudged is None

    @property
    def gone_on(self) -> bool:
        """The agent went on by itself in time, and did not think better of it."""
        return self.back_after_ms is not None and self.same_turn and not self.given_up


def judged(one: Aside, over: Said, agent: Sequence[Span], told: Sequence[Told], until_s: float) -> Aside:
    """`one` with what came of it. `over`: the sound; `agent`: where the agent is heard, in samples of the recording.

    `until_s`: when the next sound came, or the call ended; a turn that was cut before went on for a moment only.
    """
    onset, end = round(over.span.start * RATE), round(over.span.end * RATE)
    one = replace(one, onset_s=over.span.start, length_s=over.span.end - over.span.start)
    under = next((span for span in agent if span.start <= onset < span.end), None)
    turn = interrupted_turn(over, told)
    if under is None and turn is not None and turn.span.end > over.span.start:
        under = just_before(onset, agent)
    if under is None or turn is None:
        return replace(one, unjudged=NOT_SPEAKING)
    one = replace(one, given_up=turn.interrupted and turn.span.end < until_s - CLOCK_TOLERANCE_S)
    if under.end >= end + WITHIN_S * RATE:
        return replace(one, back_after_ms=0.0, same_turn=True)
    one = replace(one, silent_after_ms=max(0.0, 1000 * (under.end - onset) / RATE))
    following = next((span for span in agent if span.start >= under.end), None)
    if following is not None and following.start <= max(end, under.end) + WITHIN_S * RATE:
        back_ms = max(0.0, 1000 * (following.start - end) / RATE) if under.end < end else 0.0
        return replace(one, back_after_ms=back_ms, same_turn=_turn_at(following.start / RATE, told) is turn)
    ended_by_itself = not turn.interrupted and turn.span.end <= under.end / RATE + CLOCK_TOLERANCE_S
    if ended_by_itself:
        return replace(one, unjudged=NOTHING_LEFT)
    return one


def _turn_at(moment: float, told: Sequence[Told]) -> Told | None:
    """The agent's turn that a sound beginning at `moment` belongs to: the latest that had begun by then."""
    begun = [one for one in told if one.speaker == "agent" and one.span.start - BEGINS_WITHIN_S <= moment]
    return max(begun, key=lambda one: one.span.start, default=None)


def compared(one: Aside, joins: Sequence[Join]) -> Aside:
    """`one` with what its join says; `joins` are all of its call, against the same sentence heard in full."""
    if not one.judged or not one.gone_on or not one.greeting:
        return one
    first, last = one.onset_s - CLOCK_TOLERANCE_S, one.onset_s + one.length_s + WITHIN_S
    near = [join for join in joins if first <= join.at.start / RATE <= last and join.at.length >= SHORTEST_PAUSE]
    lost, repeated = sum(join.lost_ms for join in near), sum(join.repeated_ms for join in near)
    return replace(one, lost_ms=lost, repeated_ms=repeated, exact=all(join.exact for join in near))
