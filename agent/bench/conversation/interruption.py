"""What came of one interruption: how fast the agent fell silent, and whether the caller got the word. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.bench.conversation.encounter import Encounter
from agent.bench.conversation.sounds import Sound
from agent.rehearsal.alignment import CLOCK_TOLERANCE_S, Told, heard
from agent.rehearsal.performance import Said
from agent.testing.measure import JOIN_MS, Span, stop_time
from agent.testing.softphone.rtp import RATE

GIVES_WAY_MS = 2000.0
"""An agent that speaks on for longer has not given way, whatever it says of itself."""
NOT_SPOKEN, NOT_SPEAKING = "the agent had finished before the moment came", "the agent did not speak at that moment"
BROKEN = "the call could not be played to its end"


@dataclass(frozen=True, slots=True)
class Interruption:
    """One of them, as measured at the caller's telephone and as the agent told it."""

    call: str
    """Name of the recording."""
    said: str
    recorded: bool
    """A person said it."""
    greeting: bool
    """It was said into the fixed greeting, not into an answer of the language model."""
    unjudged: str | None = None
    """Why it cannot be judged; None where it can."""
    onset_s: float | None = None
    """First energy of the interruption, on the recording's clock."""
    stop_ms: float | None = None
    """From the onset to the agent's last sound; pauses of up to 300 ms in its speech are bridged, and 0 in such."""
    cut: bool = False
    """By the agent's own account its turn was cut short, or not a word of it was heard."""
    heard_as: str | None = None
    """What the agent understood of it; None: nothing."""

    @property
    def judged(self) -> bool:
        """Whether it counts."""
        return self.unjudged is None

    @property
    def taken(self) -> bool:
        """The agent fell silent, knows that it was cut, and took the words for a turn of the caller's."""
        silent = self.stop_ms is not None and self.stop_ms <= GIVES_WAY_MS
        return silent and self.cut and bool(self.heard_as)


def judged(encounter: Encounter, sound: Sound, *, greeting: bool) -> Interruption:
    """What came of the one interruption in a call."""
    said = encounter.performance.said
    one = Interruption(encounter.recording.stem, sound.text, recorded=sound.recorded, greeting=greeting)
    over = next((item for item in said if item.kind == "interrupt"), None)
    if over is None:
        return replace(one, unjudged=BROKEN if encounter.troubles else NOT_SPOKEN)
    return measured_at(one, over, said, encounter.agent, encounter.told)


def measured_at(
    one: Interruption, over: Said, said: Sequence[Said], agent: Sequence[Span], told: Sequence[Told]
) -> Interruption:
    """`one` with what was measured: `over` is its sound, among all that the caller `said`."""
    onset = round(over.span.start * RATE)
    stop, turn = stop_time(onset, agent), interrupted_turn(over, told)
    if stop is None and turn is not None and turn.interrupted and just_before(onset, agent):
        stop = 0
    if stop is None:
        return replace(one, unjudged=NOT_SPEAKING, onset_s=over.span.start)
    understood, _ = heard(said, told)
    return replace(
        one,
        onset_s=over.span.start,
        stop_ms=1000 * stop / RATE,
        cut=turn is None or turn.interrupted,
        heard_as=understood.get(list(said).index(over)),
    )


def just_before(onset: int, agent: Sequence[Span]) -> Span | None:
    """Speech that ended so shortly before a moment that the moment lies in a pause inside a sentence."""
    return next((span for span in agent if 0 <= onset - span.end < JOIN_MS * RATE // 1000), None)


def interrupted_turn(over: Said, told: Sequence[Told]) -> Told | None:
    """The agent's turn into which was spoken; None: it tells of none."""
    begun = [one for one in told if one.speaker == "agent" and one.span.start - CLOCK_TOLERANCE_S <= over.span.start]
    return max(begun, key=lambda one: one.span.start, default=None)
