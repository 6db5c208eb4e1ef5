"""The row `short-answers`: a word or two in answer to a question, which must never get lost."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from agent.asterisk.bundles import bundle
from agent.asterisk.recordings import Recording, prompts_folder
from agent.bench.conversation.agents import AGENTS, HOW_MANY, WHICH_WORD, YES_OR_NO
from agent.bench.conversation.dictated import DIGITS, LETTERS, MONTHS, TEENS, TENS, clip_of, tokens_of
from agent.bench.conversation.encounter import Caller, Encounter, SilentAgentError, meet
from agent.bench.conversation.house import House
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.shares import notes, percent, ratio
from agent.bench.conversation.side_by_side import counting, side_by_side, troubles
from agent.bench.conversation.sounds import HIBARI, Sound, recorded, spoken, tight
from agent.domain.agent import Agent
from agent.ops.report import Measure, measured
from agent.rehearsal.alignment import Told, heard
from agent.rehearsal.performance import Said
from agent.rehearsal.words import contains, normalise
from agent.testing.line import line_noise
from agent.testing.softphone.rtp import RATE

NOISE = "noise-as-answers"
RECORDED_SHARE = 0.5
WAIT_S = 6.0
"""How long the caller waits for the agent after an answer; a lost one gets none."""
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.25, 1.5
"""How long after the agent's question the caller answers, by chance."""
YES_NO = (
    "Yes.", "No.", "Okay.", "Yeah.", "Yes, please.", "No, thanks.", "Sure.", "Right.", "Correct.", "No.", "Yes.",
    "Nope.", "Yep.", "Of course.", "Not today.", "I do.", "Please do.",
)  # fmt: skip
RECORDED_YES_NO = {
    "vm-no": "no", "auth-thankyou": "thank you", "privacy-thankyou": "thank you", "digits/today": "today",
    "digits/tomorrow": "tomorrow", "cancelled": "cancelled", "hello": "hello", "im-sorry": "I'm sorry",
    "one-moment-please": "one moment please", "digits/day-1": "Monday", "digits/day-6": "Saturday",
}  # fmt: skip
"""Recordings of the prompts that answer a question well or badly: what counts is that they are heard."""
QUESTIONS = (YES_OR_NO, HOW_MANY, WHICH_WORD)


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """One answer, and what the agent made of it."""

    call: str
    question: str
    """The number that was dialled."""
    said: str
    origin: str
    heard_as: str | None
    """None: it never became a turn with words in it."""

    @property
    def heard(self) -> bool:
        """It became a turn with words in it."""
        return bool(self.heard_as)

    @property
    def understood(self) -> bool:
        """The words that were said are in it; digits as figures count, and letters however they are written."""
        found = self.heard_as or ""
        same_digits = bool(tokens_of(self.said)) and tokens_of(self.said) == tokens_of(found)
        return contains(found, self.said) or same_digits


@dataclass(frozen=True, slots=True)
class _Draw:
    question: str
    answer: Sound
    wait_s: float


class ShortAnswers:
    """See Row."""

    name = "short-answers"
    agents: Mapping[str, Agent] = AGENTS
    controls: Mapping[str, Control] = {
        NOISE: Control("A faint rush is sent in place of each answer: nothing can be heard of them."),
    }

    async def run(self, house: House, plan: Plan) -> Findings:
        """One question and answer a call."""
        draws = await _draws(plan.turns, plan.random(self.name), noise=plan.control == NOISE)
        jobs = [partial(_call, house, draw, index) for index, draw in enumerate(draws)]
        results = await side_by_side(jobs, done=counting(house, self.name, len(jobs)))
        found = [one for _, one in results if one is not None]
        told_conditions = conditions(found)
        return Findings(
            measures=tuple(measures(found)),
            failures=troubles(self.name, [encounter for encounter, _ in results]),
            details={self.name: [{**asdict(one), "heard": one.heard, "understood": one.understood} for one in found]},
            conditions=told_conditions,
            notes=notes(told_conditions),
        )


def measures(found: Sequence[ShortAnswer]) -> list[Measure]:
    """The figures of the row."""
    return [
        measured("conversation.short_answers_heard", percent(one.heard for one in found), count=len(found)),
        measured("conversation.short_answers_understood", percent(one.understood for one in found), count=len(found)),
    ]


def conditions(found: Sequence[ShortAnswer]) -> dict[str, Any]:
    """Who answered what."""
    return {
        "short_answers": {
            "recorded_voices": sum(one.origin != HIBARI for one in found),
            "heard_by_question": {
                number: ratio(one.heard for one in found if one.question == number) for number in QUESTIONS
            },
            "not_heard": sorted(one.said for one in found if not one.heard),
        }
    }


def observed(question: str, answer: Sound, said: Said, told: Sequence[Told], call: str) -> ShortAnswer:
    """What the agent made of one answer."""
    understood, _ = heard([said], told)
    words = understood.get(0, "")
    return ShortAnswer(call, question, answer.text, answer.origin, words if normalise(words) else None)


async def _call(house: House, draw: _Draw, seed: int) -> tuple[Encounter, ShortAnswer | None]:
    encounter = await meet(house, draw.question, partial(_play, draw), seed=seed)
    said = next(iter(encounter.performance.said), None)
    if said is None:
        return encounter, None
    return encounter, observed(draw.question, draw.answer, said, encounter.told, encounter.recording.stem)


async def _play(draw: _Draw, caller: Caller) -> None:
    await caller.hear_out(round(1000 * draw.wait_s))
    await caller.say(draw.answer.pcm, draw.answer.text)
    with contextlib.suppress(SilentAgentError):  # an answer that is lost gets none
        await caller.answer(timeout_s=WAIT_S)


async def _draws(count: int, chance: random.Random, *, noise: bool) -> list[_Draw]:
    folder = prompts_folder(await asyncio.to_thread(bundle, "prompts"))
    numbers = [QUESTIONS[index % len(QUESTIONS)] for index in range(count)]
    chosen: list[Recording | str] = []
    for number in numbers:
        person = chance.random() < RECORDED_SHARE
        if number == YES_OR_NO:
            name, text = chance.choice(sorted(RECORDED_YES_NO.items()))
            chosen.append(Recording(folder / f"{name}.wav", text) if person else chance.choice(YES_NO))
        else:
            word = chance.choice([*DIGITS, *DIGITS, *TEENS, *TENS] if number == HOW_MANY else [*LETTERS, *MONTHS])
            chosen.append(Recording(clip_of(word, folder), word) if person else f"{word.capitalize()}.")
    voiced = iter(await spoken([one for one in chosen if isinstance(one, str)], chance))
    sounds = [next(voiced) if isinstance(one, str) else recorded(one) for one in chosen]
    sounds = [_faint(one, chance) if noise else _tight(one) for one in sounds]
    return [
        _Draw(number, sound, chance.uniform(SHORTEST_WAIT_S, LONGEST_WAIT_S))
        for number, sound in zip(numbers, sounds, strict=True)
    ]


def _tight(sound: Sound) -> Sound:
    return Sound(tight(sound.pcm), sound.text, sound.origin)


def _faint(sound: Sound, chance: random.Random) -> Sound:
    rush = line_noise(len(sound.pcm) / RATE, seed=chance.randrange(1 << 32), dbfs=-50)
    return Sound(rush, sound.text, sound.origin)
