"""How far the agent's account of a cut turn is from what really arrived at the caller's telephone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.bench.conversation.encounter import Encounter
from agent.bench.conversation.heard_words import Difference, Word, by_time, by_transcript, timed
from agent.bench.conversation.interruption import Interruption, interrupted_turn
from agent.bench.conversation.sound_match import reached, runs
from agent.bench.conversation.word_ears import words_of
from agent.rehearsal.alignment import CLOCK_TOLERANCE_S, Told
from agent.testing.measure import Span
from agent.testing.softphone.rtp import RATE, Pcm


@dataclass(frozen=True, slots=True)
class Account:
    """One cut turn."""

    call: str
    claimed: str
    """What the agent's history holds."""
    arrived: str
    """What our own ears make of the sound that arrived."""
    transcript: Difference
    """The account against `arrived`."""
    time: Difference | None
    """The account against the times of the words in the same sentence heard in full; only of the fixed greeting."""

    @property
    def unheard(self) -> int:
        """Words of the account that the caller did not hear, by the better of both ways."""
        return (self.time or self.transcript).unheard

    @property
    def missing(self) -> int:
        """Words that the caller heard and the account has not."""
        return (self.time or self.transcript).missing


async def accounts(
    found: Sequence[tuple[Encounter, Interruption]], reference: Pcm, greeting: str, *, added: str = ""
) -> list[Account]:
    """The accounts of all turns that the agent says were cut. `reference`: a call in which the greeting was not.

    `added` is put to the end of each account: the negative control.
    """
    cut = []
    for encounter, one in found:
        over = next(said for said in encounter.performance.said if said.kind == "interrupt")
        turn = interrupted_turn(over, encounter.told)
        if one.cut and turn is not None:
            told = replace(turn, text=f"{turn.text} {added}".strip())
            cut.append((encounter, one, told, turn_sound(turn, encounter)))
    whole, *parts = await words_of([reference, *(_slice(encounter.received, span) for encounter, _, _, span in cut)])
    words = timed(greeting, whole)
    return [
        account(encounter, one, turn, span, part, (words, reference))
        for (encounter, one, turn, span), part in zip(cut, parts, strict=True)
    ]


def account(
    encounter: Encounter,
    one: Interruption,
    turn: Told,
    span: Span,
    heard: Sequence[Word],
    greeting: tuple[Sequence[Word], Pcm],
) -> Account:
    """One account; `greeting`: the words of the greeting with their times in the recording of it."""
    arrived = " ".join(word.text for word in heard)
    time = None
    if one.greeting:
        words, reference = greeting
        position = reached(runs(encounter.received[: span.end], reference), span.end)
        time = None if position is None else by_time(turn.text, words, position / RATE)
    return Account(one.call, turn.text, arrived, by_transcript(turn.text, arrived), time)


def turn_sound(turn: Told, encounter: Encounter) -> Span:
    """Where a turn of the agent's was heard: its sounds from its beginning to where it was cut, in samples."""
    later = [one.span.start for one in encounter.told if one.speaker == "agent" and one.span.start > turn.span.start]
    first = round((turn.span.start - CLOCK_TOLERANCE_S) * RATE)
    last = round(min([turn.span.end + CLOCK_TOLERANCE_S, *(start - 0.1 for start in later)]) * RATE)
    sounds = [span for span in encounter.agent if span.end > first and span.start < last]
    return Span(sounds[0].start, sounds[-1].end) if sounds else Span(max(0, first), max(0, first))


def _slice(received: Pcm, span: Span) -> Pcm:
    margin = RATE // 10
    return received[max(0, span.start - margin) : span.end + margin]
