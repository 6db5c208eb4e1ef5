"""The row `backchannels`: coughs, noises and "mm-hm" over the agent's speech, after which it goes on by itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from typing import Any

from agent.bench.conversation import interjections
from agent.bench.conversation.agents import AGENTS, ANNOUNCER, GUIDE
from agent.bench.conversation.aside import Aside, compared, judged
from agent.bench.conversation.encounter import Caller, Encounter, meet
from agent.bench.conversation.house import House
from agent.bench.conversation.interruptions import REQUESTS, interruptible_recordings
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.shares import notes, percent, ratio, reasons
from agent.bench.conversation.side_by_side import counting, side_by_side, too_few, troubles
from agent.bench.conversation.sound_match import joins
from agent.bench.conversation.sounds import Sound, spoken
from agent.domain.agent import Agent
from agent.ops.report import Measure, measured
from agent.testing.softphone.rtp import RATE, Pcm

WORDS = "words-as-noises"
A_CALL = 3
"""So many sounds come in one call, if the agent lets it."""
SHORTEST_REST_S, LONGEST_REST_S = 1.0, 7.0
"""Undisturbed speech before each of them, by chance."""
SETTLED_S = 3.5
"""After each: time in which the agent may go on, and in which the next one would not be told from it."""
GREETING_SHARE = 0.5
"""So many calls are disturbed in the fixed greeting, where sound can be compared by sample."""
AT_ONCE = 2
MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Draw:
    number: str
    request: Sound
    sounds: tuple[Sound, ...]
    rests_s: tuple[float, ...]


class Backchannels:
    """See Row."""

    name = "backchannels"
    agents: Mapping[str, Agent] = AGENTS
    controls: Mapping[str, Control] = {
        WORDS: Control("Whole sentences are said in place of the noises: the agent must not go on."),
    }

    async def run(self, house: House, plan: Plan) -> Findings:
        """Several sounds a call, two calls at a time, until `plan.turns` can be judged."""
        chance = plan.random(self.name)
        draws = iter(await _draws(MOST_TRIES * plan.turns, chance, words=plan.control == WORDS))
        reference = await meet(house, ANNOUNCER, lambda caller: caller.listen(1500), seed=0)
        encounters: list[Encounter] = []
        found: list[Aside] = []
        while (missing := plan.turns - sum(one.judged for one in found)) > 0:
            batch = list(islice(draws, max(1, missing // A_CALL)))
            if not batch:
                break
            jobs = [
                partial(_call, house, draw, reference.received, len(encounters) + i) for i, draw in enumerate(batch)
            ]
            results = await side_by_side(jobs, at_once=AT_ONCE, done=counting(house, self.name, len(batch)))
            encounters += [encounter for encounter, _ in results]
            found += [one for _, ones in results for one in ones]
        told_conditions = conditions(found)
        return Findings(
            measures=tuple(measures(found)),
            failures=(
                *troubles(self.name, encounters),
                *too_few(self.name, sum(one.judged for one in found), plan.turns),
            ),
            details={self.name: [{**asdict(one), "gone_on": one.gone_on} for one in found]},
            conditions=told_conditions,
            notes=notes(told_conditions),
        )


async def _call(house: House, draw: _Draw, reference: Pcm, seed: int) -> tuple[Encounter, list[Aside]]:
    encounter = await meet(house, draw.number, partial(_play, draw), seed=seed)
    greeting = draw.number == ANNOUNCER
    return encounter, await asyncio.to_thread(evaluated, encounter, draw.sounds, reference, greeting=greeting)


def evaluated(encounter: Encounter, sounds: Sequence[Sound], reference: Pcm, *, greeting: bool) -> list[Aside]:
    """What came of each sound that was uttered in a call."""
    uttered = [said for said in encounter.performance.said if said.kind == "backchannel"]
    until_s = [*(said.span.start for said in uttered[1:]), encounter.performance.ended]
    found = [
        judged(
            Aside(encounter.recording.stem, sound.text or sound.origin, sound.origin, greeting),
            said,
            encounter.agent,
            encounter.told,
            until,
        )
        for sound, said, until in zip(sounds, uttered, until_s, strict=False)
    ]
    if not greeting or not found:
        return found
    between = joins(encounter.received, reference)
    return [compared(one, between) for one in found]


def measures(found: Sequence[Aside]) -> list[Measure]:
    """The figures of the row."""
    over = [one for one in found if one.judged]
    told = [one for one in over if one.exact is not None]
    worst = max((max(one.lost_ms or 0.0, one.repeated_ms or 0.0) for one in told), default=None)
    return [
        measured("conversation.backchannels_gone_on", percent(one.gone_on for one in over), count=len(over)),
        measured("conversation.backchannels_exact", percent(one.exact for one in told), count=len(told)),
        measured("conversation.backchannel_syllables_max", worst, count=len(told)),
    ]


def conditions(found: Sequence[Aside]) -> dict[str, Any]:
    """What was uttered, and what could not be judged."""
    over = [one for one in found if one.judged]
    return {
        "backchannels": {
            "judged": len(over),
            "over_the_greeting": sum(one.greeting for one in over),
            "gone_on_by_origin": {
                kind: ratio(one.gone_on for one in over if one.origin == kind)
                for kind in sorted({one.origin for one in over})
            },
            "not_judged": reasons(one.unjudged for one in found),
        }
    }


async def _draws(count: int, chance: random.Random, *, words: bool) -> list[_Draw]:
    if words:
        recordings = await asyncio.to_thread(interruptible_recordings)
        sounds = [one for one in await interjections.interruptions(recordings, count, chance) if len(one.pcm) > RATE]
    else:
        sounds = await interjections.asides(count, chance)
    requests = await spoken(REQUESTS, chance)
    return list(_shared_out(sounds, requests, chance))


def _shared_out(sounds: Sequence[Sound], requests: Sequence[Sound], chance: random.Random) -> Iterator[_Draw]:
    for at in range(0, len(sounds) - A_CALL + 1, A_CALL):
        yield _Draw(
            ANNOUNCER if chance.random() < GREETING_SHARE else GUIDE,
            chance.choice(requests),
            tuple(sounds[at : at + A_CALL]),
            tuple(chance.uniform(SHORTEST_REST_S, LONGEST_REST_S) for _ in range(A_CALL)),
        )


async def _play(draw: _Draw, caller: Caller) -> None:
    if draw.number == GUIDE:
        await caller.listen()
        await caller.say(draw.request.pcm, draw.request.text)
    began = await caller.agent_begins()
    at = began
    for sound, rest_s in zip(draw.sounds, draw.rests_s, strict=True):
        at += round(rest_s * RATE)
        if not await caller.until(at, after=began):
            return
        await caller.say(sound.pcm, sound.text, at=at, kind="backchannel", takes_turn=False)
        at += len(sound.pcm) + round(SETTLED_S * RATE)
        await caller.call.reached(at)
