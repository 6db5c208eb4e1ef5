"""The row `inventions`: words that the agent hears where nobody speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from agent.bench.conversation.agents import AGENTS, PATIENT
from agent.bench.conversation.encounter import Caller, Encounter, meet
from agent.bench.conversation.house import House
from agent.bench.conversation.idle_lines import KINDS
from agent.bench.conversation.people import whole_sentences
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.shares import notes
from agent.bench.conversation.side_by_side import side_by_side, troubles
from agent.bench.conversation.sounds import recorded
from agent.domain.agent import Agent
from agent.ops.report import Failure, Measure, measured
from agent.rehearsal.alignment import Told
from agent.rehearsal.words import normalise
from agent.testing.measure import Pcm
from agent.testing.softphone.rtp import RATE

SPEECH = "speech"
SECONDS_A_TURN = 10.0
"""With 60 turns each kind lasts for the 10 minutes of issue 3."""
SENTENCE_EVERY_S = 20.0
"""In the negative control somebody does speak, so often."""


@dataclass(frozen=True, slots=True)
class Idle:
    """One call at which nobody spoke."""

    call: str
    kind: str
    seconds: float
    """From the end of the greeting to the end of the sound, or of the call where it was over before."""
    heard: tuple[str, ...]
    """What the agent took for turns of the caller's: nobody said it."""
    spoke: int
    """Turns of the agent's after its greeting, questions whether somebody is there included."""

    @property
    def words(self) -> int:
        """Invented ones."""
        return sum(len(normalise(text)) for text in self.heard)


class Inventions:
    """See Row."""

    name = "inventions"
    agents: Mapping[str, Agent] = AGENTS
    controls: Mapping[str, Control] = {
        SPEECH: Control(f"Recorded people do speak, every {SENTENCE_EVERY_S:g} s: their words count as invented."),
    }

    async def run(self, house: House, plan: Plan) -> Findings:
        """One call of each kind, all at once, each `plan.turns` times 10 s long."""
        chance = plan.random(self.name)
        seconds = SECONDS_A_TURN * plan.turns
        house.progress(f"{self.name}: {len(KINDS)} calls of {seconds / 60:.1f} minutes at once")
        speech = [recorded(one).pcm for one in await asyncio.to_thread(whole_sentences)][:10]
        jobs = []
        for kind, make in KINDS.items():
            pcm = await asyncio.to_thread(make, seconds, chance)
            pcm = _with_speech(pcm, speech) if plan.control == SPEECH else pcm
            jobs.append(partial(_call, house, kind, pcm))
        results = await side_by_side(jobs, at_once=len(KINDS))
        found = [one for _, one in results]
        short = [
            Failure(f"{self.name}, {one.kind}", f"The call ended after {one.seconds:.0f} of {seconds:.0f} s.")
            for one in found
            if one.seconds < seconds - 1
        ]
        told_conditions = conditions(found)
        return Findings(
            measures=tuple(measures(found)),
            failures=(*troubles(self.name, [encounter for encounter, _ in results]), *short),
            details={self.name: [asdict(one) for one in found]},
            conditions=told_conditions,
            notes=notes(told_conditions),
        )


def measures(found: Sequence[Idle]) -> list[Measure]:
    """The figure of the row; its count is the minutes listened to, over all kinds."""
    minutes = round(sum(one.seconds for one in found) / 60)
    words = sum(one.words for one in found) if found else None
    return [measured("conversation.words_invented", words, count=minutes)]


def conditions(found: Sequence[Idle]) -> dict[str, Any]:
    """What was invented where."""
    return {
        "inventions": {
            one.kind: {"minutes": round(one.seconds / 60, 1), "words": one.words, "agent_spoke": one.spoke}
            for one in found
        }
    }


def observed(kind: str, began_s: float, ended_s: float, told: Sequence[Told], call: str) -> Idle:
    """What the agent heard, and how often it spoke, while a sound was sent."""
    heard = tuple(one.text for one in told if one.speaker == "caller" and normalise(one.text))
    spoke = sum(one.speaker == "agent" and one.span.start > began_s for one in told)
    return Idle(call, kind, ended_s - began_s, heard, spoke)


async def _call(house: House, kind: str, pcm: Pcm) -> tuple[Encounter, Idle]:
    began_s = 0.0

    async def play(caller: Caller) -> None:
        nonlocal began_s
        await caller.listen()
        began_s = caller.call.position / RATE
        for start in range(0, len(pcm), MOUTHFUL):
            caller.call.begin(pcm[start : start + MOUTHFUL])
        await caller.call.reached(caller.call.position + len(pcm))

    encounter = await meet(house, PATIENT, play, seed=0, background=np.zeros(RATE, np.int16))
    return encounter, observed(kind, began_s, encounter.performance.ended, encounter.told, encounter.recording.stem)


MOUTHFUL = 60 * RATE
"""The telephone takes a minute of sound at a time."""


def _with_speech(pcm: Pcm, sentences: Sequence[Pcm]) -> Pcm:
    mixed = pcm.astype(np.int32)
    for number, start in enumerate(range(RATE, len(pcm), round(SENTENCE_EVERY_S * RATE))):
        sentence = sentences[number % len(sentences)][: len(pcm) - start]
        mixed[start : start + len(sentence)] += sentence
    return np.clip(mixed, -32768, 32767).astype(np.int16)
