"""The row `interruptions`: callers who mean to take the word, at any moment of the agent's speech."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from agent.asterisk.bundles import bundles
from agent.asterisk.recordings import Recording, prompts, voices
from agent.bench.conversation import interjections
from agent.bench.conversation.agents import AGENTS, ANNOUNCER, GUIDE
from agent.bench.conversation.encounter import Caller, Encounter, SilentAgentError, meet
from agent.bench.conversation.house import House
from agent.bench.conversation.interruption import Interruption, judged
from agent.bench.conversation.people import seconds
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.shares import notes, percent, ratio, reasons
from agent.bench.conversation.side_by_side import too_few, troubles
from agent.bench.conversation.sounds import Sound, spoken
from agent.bench.conversation.unheard import Account, accounts
from agent.domain.agent import Agent
from agent.ops.percentiles import summarise
from agent.ops.report import Measure, measured
from agent.rehearsal.control import Control as StageControl
from agent.testing.softphone.rtp import RATE

TALL_TALES = "tall-tales"
TALE = "which was never said at all"
GREETING_SHARE = 0.4
"""So many interruptions come while the fixed greeting is said, the others into an answer of the language model."""
EARLIEST_S, LATEST_S = 0.3, 14.0
"""When the caller begins, counted from the agent's first sound; by chance between both."""
MOST_TRIES = 3
"""So many times the calls needed are made at most: moments at which the agent did not speak are made up for."""
REQUESTS = (
    "Please tell me everything about the museum.",
    "Tell me everything that you know about the museum.",
    "Can you tell me all about the museum, please?",
    "I would like to know everything about the museum.",
)
_ANSWER_S = 12.0


@dataclass(frozen=True, slots=True)
class _Draw:
    """One interruption to be made."""

    sound: Sound
    after_s: float
    request: Sound


class Interruptions:
    """See Row."""

    name = "interruptions"
    agents: Mapping[str, Agent] = AGENTS
    controls: Mapping[str, Control] = {
        "no-barge-in": Control(
            "Nobody can interrupt the agent: nothing stops it, nothing is taken.", StageControl(barge_in=False)
        ),
        TALL_TALES: Control("Six words that nobody said are put to the end of each account of what was heard."),
        "late": Control(
            "All that the agent sends comes 400 ms late: it falls silent late.", StageControl(delay_ms=400)
        ),
    }

    async def run(self, house: House, plan: Plan) -> Findings:
        """One interruption a call, one call at a time: how fast the agent falls silent is measured."""
        chance = plan.random(self.name)
        draws = await _draws(round(MOST_TRIES * plan.turns), chance)
        found: list[tuple[Encounter, Interruption]] = []
        while draws and (done := sum(one.judged for _, one in found)) < plan.turns:
            draw = draws.pop()
            greeting = sum(one.judged and one.greeting for _, one in found) < GREETING_SHARE * done
            number = ANNOUNCER if greeting else GUIDE
            encounter = await meet(house, number, partial(_play, draw, greeting), seed=len(draws))
            found.append((encounter, judged(encounter, draw.sound, greeting=greeting)))
            if len(found) % 10 == 0:
                house.progress(f"{self.name}: {done} of {plan.turns}")
        reference = await meet(house, ANNOUNCER, lambda caller: caller.listen(1500), seed=0)
        tale = TALE if plan.control == TALL_TALES else ""
        judgeable = [pair for pair in found if pair[1].judged]
        told = await accounts(judgeable, reference.received, AGENTS[ANNOUNCER].greeting, added=tale)
        everything = [one for _, one in found]
        told_conditions = conditions(everything, told)
        return Findings(
            measures=tuple(measures(everything, told)),
            failures=(
                *troubles(self.name, [encounter for encounter, _ in found]),
                *too_few(self.name, len(judgeable), plan.turns),
            ),
            details={self.name: [asdict(one) for one in everything], "accounts": [asdict(one) for one in told]},
            conditions=told_conditions,
            notes=notes(told_conditions),
        )


def measures(found: Sequence[Interruption], told: Sequence[Account]) -> list[Measure]:
    """The figures of the row, over the interruptions that can be judged."""
    over = [one for one in found if one.judged]
    stops = summarise(one.stop_ms for one in over if one.stop_ms is not None)
    unheard = [one.unheard for one in told]
    missing = [one.missing for one in told]
    return [
        measured("conversation.interruption_stop_p50", stops.p50, count=stops.count),
        measured("conversation.interruption_stop_p95", stops.p95, count=stops.count),
        measured("conversation.interruptions_taken", percent(one.taken for one in over), count=len(over)),
        measured("conversation.words_unheard_max", max(unheard, default=None), count=len(unheard)),
        measured("conversation.words_unheard_mean", _mean(unheard), count=len(unheard)),
        measured("conversation.words_missing_mean", _mean(missing), count=len(missing)),
    ]


def conditions(found: Sequence[Interruption], told: Sequence[Account]) -> dict[str, Any]:
    """What was interrupted by whom, what could not be judged, and how far both ways to count words agree."""
    over = [one for one in found if one.judged]
    return {
        "interruptions": {
            "judged": len(over),
            "into_model_answers": sum(not one.greeting for one in over),
            "recorded_voices": sum(one.recorded for one in over),
            "not_judged": reasons(one.unjudged for one in found),
            "unheard_words_alike_by_time_and_by_transcript": ratio(
                one.time.unheard == one.transcript.unheard for one in told if one.time is not None
            ),
        }
    }


async def _draws(count: int, chance: random.Random) -> list[_Draw]:
    sounds = await interjections.interruptions(interruptible_recordings(), count, chance)
    requests = await spoken(REQUESTS, chance)
    return [_Draw(sound, chance.uniform(EARLIEST_S, LATEST_S), chance.choice(requests)) for sound in sounds]


def interruptible_recordings() -> list[Recording]:
    """Recorded people of a length and with words that can interrupt. Blocks while bundles are fetched."""
    roots = bundles(["prompts", "voices"])
    everyone = [*prompts(roots["prompts"]), *voices(roots["voices"])]
    return [
        one
        for one in everyone
        if interjections.SHORTEST_S <= seconds(one.path) <= interjections.LONGEST_S
        and len(one.text.split()) > 1
        and "bye" not in one.text.lower()
    ]


async def _play(draw: _Draw, greeting: bool, caller: Caller) -> None:
    if not greeting:
        await caller.listen()
        await caller.say(draw.request.pcm, draw.request.text)
    began = await caller.agent_begins()
    at = began + round(draw.after_s * RATE)
    if not await caller.until(at, after=began):
        return
    await caller.say(draw.sound.pcm, draw.sound.text, at=at, kind="interrupt")
    with contextlib.suppress(SilentAgentError):  # what is not taken is not answered
        await caller.answer(timeout_s=_ANSWER_S)


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None
