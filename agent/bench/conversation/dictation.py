"""The row `dictation`: numbers and dates in groups with pauses of a second, which are one turn."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from agent.asterisk.bundles import bundle
from agent.asterisk.recordings import prompts_folder
from agent.bench.conversation.agents import AGENTS, BIRTHDAY, ORDER, TELEPHONE
from agent.bench.conversation.dictated import KINDS, Dictation, dictate, tokens_of
from agent.bench.conversation.edits import edits
from agent.bench.conversation.encounter import Caller, Encounter, meet
from agent.bench.conversation.house import House
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.shares import notes, percent, ratio
from agent.bench.conversation.side_by_side import counting, side_by_side, troubles
from agent.bench.conversation.sounds import HIBARI
from agent.domain.agent import Agent
from agent.ops.report import Measure, measured
from agent.rehearsal.alignment import CLOCK_TOLERANCE_S, Told
from agent.rehearsal.performance import Said
from agent.testing.measure import Pcm, Span
from agent.testing.softphone.rtp import RATE

LONG = "long-pauses"
PAUSE_S, MUCH_TOO_LONG_S = 1.0, 5.0
RECORDED_SHARE = 0.5
NUMBERS = {"telephone": TELEPHONE, "order": ORDER, "birthday": BIRTHDAY}


@dataclass(frozen=True, slots=True)
class Dictated:
    """One dictation, and what the agent made of it."""

    call: str
    kind: str
    said: str
    origin: str
    spoke_within: bool
    """The agent's voice was heard before the last group was said."""
    turns: int
    """Turns of the caller's that the agent took it for."""
    heard_as: str
    items: int
    """Digits, letters, or parts of a date that were said."""
    wrong: int
    """Of them, replaced, left out or put in."""

    @property
    def one_turn(self) -> bool:
        """It was taken as a whole."""
        return self.turns == 1 and not self.spoke_within


class DictationRow:
    """See Row."""

    name = "dictation"
    agents: Mapping[str, Agent] = AGENTS
    controls: Mapping[str, Control] = {
        LONG: Control(f"Callers rest for {MUCH_TOO_LONG_S:g} s between two groups: nothing stays one turn."),
    }

    async def run(self, house: House, plan: Plan) -> Findings:
        """One dictation a call, in answer to the agent's question."""
        chance = plan.random(self.name)
        folder = prompts_folder(await asyncio.to_thread(bundle, "prompts"))
        pause_s = MUCH_TOO_LONG_S if plan.control == LONG else PAUSE_S
        draws = []
        for _ in range(plan.turns):
            dictation = chance.choice(KINDS)(chance)
            source = folder if chance.random() < RECORDED_SHARE else None
            draws.append((dictation, *await dictate(dictation, pause_s, source, chance)))
        jobs = [partial(_call, house, *draw, index) for index, draw in enumerate(draws)]
        results = await side_by_side(jobs, done=counting(house, self.name, len(jobs)))
        found = [one for _, one in results if one is not None]
        told_conditions = conditions(found)
        return Findings(
            measures=tuple(measures(found)),
            failures=troubles(self.name, [encounter for encounter, _ in results]),
            details={self.name: [{**asdict(one), "one_turn": one.one_turn} for one in found]},
            conditions=told_conditions,
            notes=notes(told_conditions),
        )


def measures(found: Sequence[Dictated]) -> list[Measure]:
    """The figures of the row."""
    items = sum(one.items for one in found)
    right = sum(max(0, one.items - one.wrong) for one in found)
    return [
        measured("conversation.dictation_in_one_turn", percent(one.one_turn for one in found), count=len(found)),
        measured("conversation.dictation_understood", 100 * right / items if items else None, count=items),
    ]


def conditions(found: Sequence[Dictated]) -> dict[str, Any]:
    """Who dictated what."""
    return {
        "dictation": {
            "recorded_voices": sum(one.origin != HIBARI for one in found),
            "one_turn_by_kind": {kind: ratio(one.one_turn for one in found if one.kind == kind) for kind in NUMBERS},
        }
    }


def observed(
    dictation: Dictation, origin: str, said: Said, agent: Sequence[Span], told: Sequence[Told], call: str
) -> Dictated:
    """What the agent did with one dictation: `agent` is where it is heard, in samples."""
    begin, end = round(said.span.start * RATE), round(said.span.end * RATE)
    turns = [
        one
        for one in told
        if one.speaker == "caller"
        and one.text.strip()
        and one.span.start < said.span.end + CLOCK_TOLERANCE_S
        and one.span.end > said.span.start - CLOCK_TOLERANCE_S
    ]
    heard = " ".join(one.text for one in turns)
    expected = dictation.tokens
    return Dictated(
        call=call,
        kind=dictation.kind,
        said=dictation.text,
        origin=origin,
        spoke_within=any(span.end > begin and span.start < end for span in agent),
        turns=len(turns),
        heard_as=heard,
        items=len(expected),
        wrong=edits(expected, tokens_of(heard, date=dictation.kind == "birthday")),
    )


async def _call(
    house: House, dictation: Dictation, pcm: Pcm, origin: str, seed: int
) -> tuple[Encounter, Dictated | None]:
    encounter = await meet(house, NUMBERS[dictation.kind], partial(_play, pcm, dictation.text), seed=seed)
    said = next(iter(encounter.performance.said), None)
    if said is None:
        return encounter, None
    return encounter, observed(dictation, origin, said, encounter.agent, encounter.told, encounter.recording.stem)


async def _play(pcm: Pcm, text: str, caller: Caller) -> None:
    await caller.listen()
    await caller.say(pcm, text)
    await caller.answer()
