"""The row `word-error-rate`: recorded people through a whole call, and what the agent understands of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from agent.asterisk.bundles import bundles
from agent.asterisk.recordings import Recording, prompts, voices
from agent.bench.conversation.agents import AGENTS, LISTENER
from agent.bench.conversation.edits import edits
from agent.bench.conversation.encounter import Caller, Encounter, meet
from agent.bench.conversation.house import House
from agent.bench.conversation.people import seconds
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.shares import notes
from agent.bench.conversation.side_by_side import counting, side_by_side, troubles
from agent.bench.conversation.sounds import Sound, plain, recorded
from agent.domain.agent import Agent
from agent.ops.report import Measure, measured
from agent.rehearsal.alignment import Told, heard
from agent.rehearsal.performance import Said
from agent.rehearsal.words import word_errors
from agent.testing.noise import background
from agent.testing.softphone.rtp import RATE, Pcm

NOISY = "noisy"
NOISY_SNR_DB = -3.0
SHORTEST_S, LONGEST_S = 0.8, 12.0
FEWEST_WORDS = 2
"""A single word is the row of short answers."""
A_CALL = 3


@dataclass(frozen=True, slots=True)
class Understood:
    """One recording, and what the agent made of it."""

    call: str
    said: str
    origin: str
    heard_as: str
    words: int
    """Of the reference, numbers as they are said."""
    errors: int
    raw_words: int
    """Of the reference, lower case, without punctuation."""
    raw_errors: int


class WordErrorRate:
    """See Row."""

    name = "word-error-rate"
    agents: Mapping[str, Agent] = AGENTS
    controls: Mapping[str, Control] = {
        NOISY: Control(f"White noise {-NOISY_SNR_DB:g} dB louder than the voices lies over the calls."),
    }

    async def run(self, house: House, plan: Plan) -> Findings:
        """`plan.turns` different recordings, three a call."""
        chance = plan.random(self.name)
        usable, unusable = await asyncio.to_thread(_pool)
        chosen = [recorded(one) for one in chance.sample(usable, min(plan.turns, len(usable)))]
        noise = _noise() if plan.control == NOISY else None
        groups = [chosen[at : at + A_CALL] for at in range(0, len(chosen), A_CALL)]
        jobs = [partial(_call, house, group, index, noise) for index, group in enumerate(groups)]
        results = await side_by_side(jobs, done=counting(house, self.name, len(jobs)))
        found = [one for _, ones in results for one in ones]
        told_conditions = conditions(found, pool=len(usable), unusable=unusable)
        return Findings(
            measures=tuple(measures(found)),
            failures=troubles(self.name, [encounter for encounter, _ in results]),
            details={self.name: [asdict(one) for one in found]},
            conditions=told_conditions,
            notes=notes(told_conditions),
        )


def measures(found: Sequence[Understood]) -> list[Measure]:
    """The figures of the row: errors over words of all recordings together."""
    words, raw_words = sum(one.words for one in found), sum(one.raw_words for one in found)
    rate = 100 * sum(one.errors for one in found) / words if words else None
    raw = 100 * sum(one.raw_errors for one in found) / raw_words if raw_words else None
    return [
        measured("conversation.word_error_rate", rate, count=words),
        measured("conversation.word_error_rate_raw", raw, count=raw_words),
    ]


def conditions(found: Sequence[Understood], *, pool: int, unusable: int) -> dict[str, Any]:
    """Whose recordings, out of how many, and how many were lost as a whole."""
    origins = sorted({one.origin for one in found})
    return {
        "word_error_rate": {
            "recordings": {origin: sum(one.origin == origin for one in found) for origin in origins},
            "drawn_from": pool,
            "not_in_the_pool": f"{unusable} whose text has remarks or symbols, of one word, or of another length",
            "not_heard_at_all": sum(not one.heard_as for one in found),
        }
    }


def observed(sound: Sound, heard_as: str, call: str) -> Understood:
    """Count what is wrong in one transcript, both ways."""
    errors = word_errors(sound.text, heard_as)
    expected = raw(sound.text)
    return Understood(
        call,
        sound.text,
        sound.origin,
        heard_as,
        errors.words,
        errors.errors,
        len(expected),
        edits(expected, raw(heard_as)),
    )


def raw(text: str) -> list[str]:
    """The words as they are written, in lower case, without punctuation: 9 and nine differ, don't and dont do not."""
    return re.findall(r"[^\W_]+", text.lower().replace("’", "'").replace("'", ""))


def transcripts(said: Sequence[Said], told: Sequence[Told]) -> list[str]:
    """What was understood of each utterance, all turns that overlap it joined; empty for nothing."""
    understood, _ = heard(said, told)
    return [understood.get(index, "") for index in range(len(said))]


async def _call(
    house: House, sounds: Sequence[Sound], seed: int, noise: Pcm | None
) -> tuple[Encounter, list[Understood]]:
    encounter = await meet(house, LISTENER, partial(_play, sounds), seed=seed, background=noise)
    texts = transcripts(encounter.performance.said, encounter.told)
    return encounter, [
        observed(sound, text, encounter.recording.stem) for sound, text in zip(sounds, texts, strict=False)
    ]


async def _play(sounds: Sequence[Sound], caller: Caller) -> None:
    for sound in sounds:
        await caller.listen()
        await caller.say(sound.pcm, sound.text)
    await caller.answer()


def _pool() -> tuple[list[Recording], int]:
    roots = bundles(["prompts", "voices"])
    everyone = [*prompts(roots["prompts"]), *voices(roots["voices"])]
    usable = [
        one
        for one in plain(everyone)
        if SHORTEST_S <= seconds(one.path) <= LONGEST_S and len(one.text.split()) >= FEWEST_WORDS
    ]
    return usable, len(everyone) - len(usable)


def _noise() -> Pcm:
    white = np.random.default_rng(0).normal(0, 8000, 10 * RATE)
    return background(np.clip(white, -32768, 32767).astype(np.int16), snr_db=NOISY_SNR_DB)
