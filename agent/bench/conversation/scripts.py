"""The row `scripts`: calls that follow a script of three slots, with callees who say it in their own words."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import fmean
from typing import Any

from agent.bench.conversation.encounter import Caller, Encounter, meet
from agent.bench.conversation.house import House
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.script_part import AGENTS, NUMBER, Part, drawn_part
from agent.bench.conversation.shares import percent
from agent.bench.conversation.side_by_side import counting, side_by_side, troubles
from agent.bench.conversation.sounds import HIBARI, spoken
from agent.bench.machines.voices import Say, callers
from agent.domain.agent import Agent
from agent.domain.events import ScriptProgressed
from agent.ops.report import Measure, measured
from agent.testing.measure import Pcm
from agent.testing.softphone.call import CallEndedError

CROSSED = "crossed-answers"
MOST_TURNS = 10
"""A callee who has said so much hangs up."""
AT_ONCE = 2
OLD_EVERY = 4
"""Every fourth callee has one of the voices of the 1990s, which are harder to understand than people are."""
QUIET_MS = 900
"""So long the agent is quiet before the callee takes it to have finished."""


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """What came of one call."""

    call: str
    voice: str
    meant: Mapping[str, Any]
    found: Mapping[str, Any]
    outcome: str | None
    corrects: bool
    """The callee changed their mind once."""
    said: tuple[str, ...]
    heard: tuple[str, ...]
    """The callee's turns as the agent understood them."""

    @property
    def right(self) -> int:
        """Values that are the ones that were meant."""
        return sum(_same(self.found.get(name), value) for name, value in self.meant.items())

    @property
    def completed(self) -> bool:
        """The right outcome, with all values right."""
        return self.outcome == "booked" and self.right == len(self.meant)


class Scripts:
    """See Row."""

    name = "scripts"
    agents: Mapping[str, Agent] = AGENTS
    controls: Mapping[str, Control] = {
        CROSSED: Control("Callees answer each question with the words for another one."),
    }

    async def run(self, house: House, plan: Plan) -> Findings:
        """One call for each of `plan.turns`."""
        chance = plan.random(self.name)
        old = {name: say for name, say in (await asyncio.to_thread(callers)).items() if name != HIBARI}
        parts = [drawn_part(chance, crossed=plan.control == CROSSED) for _ in range(plan.turns)]
        names = [HIBARI if index % OLD_EVERY else chance.choice(sorted(old)) for index in range(plan.turns)]
        jobs = [
            partial(_call, house, part, name, old.get(name), index)
            for index, (part, name) in enumerate(zip(parts, names, strict=True), 1)
        ]
        results = await side_by_side(jobs, at_once=AT_ONCE, done=counting(house, self.name, len(jobs)))
        found = [one for _, one in results]
        return Findings(
            measures=tuple(_measures(found)),
            failures=troubles(self.name, [encounter for encounter, _ in results]),
            details={self.name: [{**asdict(one), "right": one.right, "completed": one.completed} for one in found]},
            conditions={"scripts": {"voices": dict(Counter(names)), "corrected": sum(one.corrects for one in found)}},
            notes=tuple(_missed(one) for one in found if not one.completed),
        )


def _measures(found: Sequence[ScriptCall]) -> list[Measure]:
    clear = [one for one in found if one.voice == HIBARI]
    old = [one for one in found if one.voice != HIBARI]
    slots = sum(len(one.meant) for one in clear)
    return [
        measured("conversation.scripts_completed", percent(one.completed for one in clear), count=len(clear)),
        measured("conversation.scripts_completed_old_voices", percent(one.completed for one in old), count=len(old)),
        measured("conversation.script_slots_right", 100 * sum(one.right for one in clear) / max(1, slots), count=slots),
        measured("conversation.script_turns_mean", fmean(len(one.said) for one in found), count=len(found)),
    ]


async def _call(house: House, part: Part, voice: str, say: Say | None, seed: int) -> tuple[Encounter, ScriptCall]:
    said: list[str] = []
    sounds = await _sounds(part.texts, say, seed)

    async def play(caller: Caller) -> None:
        with contextlib.suppress(CallEndedError):  # the agent hangs up when the script is at its end
            for _ in range(MOST_TURNS):
                await caller.hear_out(QUIET_MS)
                words = part.answer(caller.understood)
                said.append(words)
                await caller.say(sounds[words], words)

    encounter = await meet(house, NUMBER, play, seed=seed)
    events = encounter.performance.events
    progress: Mapping[str, Any] = next(
        (one["progress"] for one in reversed(events) if one["type"] == ScriptProgressed.type), {}
    )
    return encounter, ScriptCall(
        encounter.recording.stem,
        voice,
        part.meant,
        progress.get("slots", {}),
        progress.get("outcome"),
        part.corrects,
        tuple(said),
        tuple(one.text for one in encounter.told if one.speaker == "caller"),
    )


async def _sounds(texts: Sequence[str], say: Say | None, seed: int) -> dict[str, Pcm]:
    """All that a callee may say, in one voice: an old one, or the test voice as one other speaker."""
    if say is not None:
        return {text: await say(text) for text in texts}
    sounds = {}
    for text in texts:
        [sound] = await spoken([text], random.Random(seed))  # noqa: S311 - chance, not a secret
        sounds[text] = sound.pcm
    return sounds


def _missed(one: ScriptCall) -> str:
    return (
        f"{one.call} ({one.voice}): {one.outcome}, found {dict(one.found)}, meant {dict(one.meant)}; "
        f"said {list(one.said)}, heard {list(one.heard)}"
    )


def _same(found: Any, meant: Any) -> bool:
    if isinstance(found, str) and isinstance(meant, str):
        return found.casefold() == meant.casefold()
    return found is meant
