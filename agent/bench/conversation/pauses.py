"""The row `pauses`: callers who pause in mid-sentence, and whom the agent must let finish."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from agent.asterisk.bundles import bundles
from agent.asterisk.recordings import Recording, prompts, voices
from agent.bench.conversation.agents import AGENTS, LISTENER
from agent.bench.conversation.encounter import Caller, Encounter, meet
from agent.bench.conversation.house import House
from agent.bench.conversation.people import seconds
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.questions import question
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.shares import notes, percent
from agent.bench.conversation.side_by_side import counting, side_by_side, troubles
from agent.bench.conversation.sounds import HIBARI, Deck, Sound, plain, recorded, spoken
from agent.bench.conversation.word_ears import words_of
from agent.bench.conversation.word_gaps import Halves, Paused, boundaries, halved, paused
from agent.domain.agent import Agent
from agent.ops.report import Measure, measured
from agent.rehearsal.performance import Said
from agent.testing.measure import Span
from agent.testing.softphone.rtp import RATE

LONG = "long-pauses"
PAUSES_S = (0.5, 0.8, 1.2)
MUCH_TOO_LONG_S = 4.0
"""The pause of the negative control: longer than anybody waits."""
RECORDED_SHARE = 0.4
FEWEST_WORDS = 6
LONGEST_S = 10.0
AT_ONCE = 2
"""Callers at the same time: more of them would slow down the ears on which the agent's patience may depend."""
SPARE = 1.2
"""So many times the sentences needed are prepared: in some no boundary between words is found."""


BROKE_IN = "the agent spoke before the pause came"


@dataclass(frozen=True, slots=True)
class Pause:
    """One sentence with a pause in it, and what the agent did."""

    call: str
    said: str
    origin: str
    before: str
    """The word before the pause."""
    pause_s: float
    """As planned."""
    real_s: float
    """From the last energy before it to the first after it, as sent."""
    spoke_after_ms: float | None = None
    """When the agent's voice came, from the beginning of the pause, if it came before the caller had finished."""
    unjudged: str | None = None
    """Why it cannot be judged; None where it can."""

    @property
    def cut_off(self) -> bool:
        """The agent spoke before the caller had finished."""
        return self.spoke_after_ms is not None

    @property
    def within(self) -> bool:
        """It spoke in the pause itself, not into the second half."""
        return self.spoke_after_ms is not None and self.spoke_after_ms < 1000 * self.real_s


class Pauses:
    """See Row."""

    name = "pauses"
    agents: Mapping[str, Agent] = AGENTS
    controls: Mapping[str, Control] = {
        LONG: Control(f"Callers pause for {MUCH_TOO_LONG_S:g} s in mid-sentence: every one is cut off."),
    }

    async def run(self, house: House, plan: Plan) -> Findings:
        """`plan.turns` sentences for each length of pause, one of each a call."""
        chance = plan.random(self.name)
        house.progress(f"{self.name}: finding the words in {len(PAUSES_S) * plan.turns} sentences")
        draws, unused = await _draws(plan.turns, chance, long=plan.control == LONG)
        jobs = [partial(_call, house, draw, index) for index, draw in enumerate(draws)]
        results = await side_by_side(jobs, at_once=AT_ONCE, done=counting(house, self.name, len(jobs)))
        found = [pause for _, pauses in results for pause in pauses]
        told_conditions = conditions(found, unused)
        return Findings(
            measures=tuple(measures(found)),
            failures=troubles(self.name, [encounter for encounter, _ in results]),
            details={self.name: [{**asdict(one), "cut_off": one.cut_off} for one in found]},
            conditions=told_conditions,
            notes=notes(told_conditions),
        )


def measures(found: Sequence[Pause]) -> list[Measure]:
    """The share cut off, for each length of pause."""
    result = []
    for pause_s in PAUSES_S:
        of_length = [one for one in found if one.pause_s == pause_s and one.unjudged is None]
        share = percent(one.cut_off for one in of_length)
        result.append(measured(f"conversation.cut_off_{1000 * pause_s:.0f}", share, count=len(of_length)))
    return result


def conditions(found: Sequence[Pause], unused: int) -> dict[str, Any]:
    """Who paused, where the agent cut in, and what could not be judged."""
    over = [one for one in found if one.unjudged is None]
    cut = [one for one in over if one.cut_off]
    return {
        "pauses": {
            "recorded_voices": sum(one.origin != HIBARI for one in over),
            "cut_off_recorded_voices": sum(one.origin != HIBARI for one in cut),
            "cut_off_in_the_pause_itself": sum(one.within for one in cut),
            "not_judged": {BROKE_IN: len(found) - len(over), "no boundary between words was found": unused},
        }
    }


def observed(said: Said, sentence: Paused, agent: Sequence[Span], call: str) -> Pause:
    """What the agent did while one sentence was said. `said` spans its energy, pause included."""
    begin, end = round(said.span.start * RATE), round(said.span.end * RATE)
    since = begin + sentence.pause.start
    voice = next((span.start for span in agent if span.end > begin and span.start < end), None)
    sound = sentence.halves.sound
    return Pause(
        call,
        sound.text,
        sound.origin,
        sentence.halves.before,
        sentence.planned_s,
        sentence.pause.length / RATE,
        spoke_after_ms=None if voice is None else 1000 * (voice - since) / RATE,
        unjudged=BROKE_IN if voice is not None and voice < since else None,
    )


async def _call(house: House, sentences: Sequence[Paused], seed: int) -> tuple[Encounter, list[Pause]]:
    encounter = await meet(house, LISTENER, partial(_play, sentences), seed=seed)
    said = encounter.performance.said
    return encounter, [
        observed(one, sentence, encounter.agent, encounter.recording.stem)
        for one, sentence in zip(said, sentences, strict=False)
    ]


async def _play(sentences: Sequence[Paused], caller: Caller) -> None:
    for sentence in sentences:
        await caller.listen()
        await caller.say(sentence.pcm, sentence.halves.sound.text)
    await caller.answer()


async def _draws(turns: int, chance: random.Random, *, long: bool) -> tuple[list[list[Paused]], int]:
    """The sentences of each call, one with each pause in an order by chance; and how many could not be used."""
    sentences = await _sentences(round(SPARE * turns * len(PAUSES_S)), chance)
    words = await words_of([one.pcm for one in sentences])
    usable: list[Halves] = []
    for sound, heard in zip(sentences, words, strict=True):
        places = boundaries(heard, len(sound.pcm) / RATE)
        if places:
            usable.append(halved(sound, heard, chance.choice(places)))
    unused = len(sentences) - len(usable)
    calls: list[list[Paused]] = []
    while len(usable) >= len(PAUSES_S) and len(calls) < turns:
        lengths = chance.sample(PAUSES_S, len(PAUSES_S))
        calls.append([_with_pause(usable.pop(), pause_s, chance, long=long) for pause_s in lengths])
    return calls, unused


def _with_pause(halves: Halves, pause_s: float, chance: random.Random, *, long: bool) -> Paused:
    sentence = paused(halves, MUCH_TOO_LONG_S if long else pause_s, chance)
    return replace(sentence, planned_s=pause_s)


async def _sentences(count: int, chance: random.Random) -> list[Sound]:
    people = Deck(await asyncio.to_thread(long_recordings), chance)
    chosen = [people.draw() if chance.random() < RECORDED_SHARE else _question(chance) for _ in range(count)]
    voiced = iter(await spoken([one for one in chosen if isinstance(one, str)], chance))
    return [next(voiced) if isinstance(one, str) else recorded(one) for one in chosen]


def long_recordings() -> list[Recording]:
    """Recorded people with words enough for a pause among them. Blocks while bundles are fetched. Raises SetupError."""
    roots = bundles(["prompts", "voices"])
    return [
        one
        for one in plain([*prompts(roots["prompts"]), *voices(roots["voices"])])
        if len(one.text.split()) >= FEWEST_WORDS and seconds(one.path) <= LONGEST_S and "bye" not in one.text.lower()
    ]


def _question(chance: random.Random) -> str:
    while len((text := question(chance)).split()) < FEWEST_WORDS:
        pass
    return text
