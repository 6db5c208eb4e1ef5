"""The row `scripts`: calls that follow a script of three slots, with callees who say it in their own words."""

from __future__ import annotations

import asyncio
import contextlib
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
        voices = await asyncio.to_thread(callers)
        parts = [drawn_part(chance, crossed=plan.control == CROSSED) for _ in range(plan.turns)]
        names = sorted(voices)
        jobs = [
            partial(_call, house, part, names[index % len(names)], voices[names[index % len(names)]], index)
            for index, part in enumerate(parts)
        ]
        results = await side_by_side(jobs, at_once=AT_ONCE, done=counting(house, self.name, len(jobs)))
        found = [one for _, one in results]
        return Findings(
            measures=tuple(_measures(found)),
            failures=troubles(self.name, [encounter for encounter, _ in results]),
            details={self.name: [{**asdict(one), "right": one.right, "completed": one.completed} for one in found]},
            conditions={"scripts": {"voices": names, "corrected": sum(one.corrects for one in found)}},
            notes=tuple(_missed(one) for one in found if not one.completed),
        )


def _measures(found: Sequence[ScriptCall]) -> list[Measure]:
    slots = sum(len(one.meant) for one in found)
    return [
        measured("conversation.scripts_completed", percent(one.completed for one in found), count=len(found)),
        measured("conversation.script_slots_right", 100 * sum(one.right for one in found) / slots, count=slots),
        measured("conversation.script_turns_mean", fmean(len(one.said) for one in found), count=len(found)),
    ]


async def _call(house: House, part: Part, voice: str, say: Say, seed: int) -> tuple[Encounter, ScriptCall]:
    said: list[str] = []
    sounds: dict[str, Pcm] = {}
    for text in part.texts:
        sounds[text] = await say(text)

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


def _missed(one: ScriptCall) -> str:
    return (
        f"{one.call} ({one.voice}): {one.outcome}, found {dict(one.found)}, meant {dict(one.meant)}; "
        f"said {list(one.said)}, heard {list(one.heard)}"
    )


def _same(found: Any, meant: Any) -> bool:
    if isinstance(found, str) and isinstance(meant, str):
        return found.casefold() == meant.casefold()
    return found is meant
