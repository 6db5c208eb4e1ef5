"""Several callers at once, each in one conversation after the other, until enough was said."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.bench.conversation.house import House, Played
from agent.bench.conversation.observation import Observation, Outcome, observed
from agent.bench.conversation.people import Line, People, whole_sentences
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.processor import used_s
from agent.domain.agent import Agent
from agent.ops.report import Failure
from agent.personas import load_agents
from agent.rehearsal import props
from agent.rehearsal.moments import Moment, MomentKind
from agent.rehearsal.performance import Performance
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.turn_results import turn_results
from agent.testing.voice import CallerVoice

FEWEST_LINES, MOST_LINES = 3, 6
"""What a caller says before hanging up, by chance."""
SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS = 700, 1500
"""How long the agent is quiet before the caller speaks again: longer than its own pauses between two sentences."""
ANSWER_TIMEOUT_S = 30.0
"""How long a caller waits for an answer, and for its end; then the conversation has failed."""
STAGGER_S = 3.0
"""Callers begin, and call again, by chance within so much time of each other."""
SPARE = 2.5
"""So many times the conversations needed are prepared: turns that do not count are made up for."""


@dataclass(frozen=True, slots=True)
class _Script:
    """What one caller will do; drawn beforehand, so that the same seed gives the same, however the calls go."""

    lines: tuple[Line, ...]
    scenario: Scenario
    stagger_s: float


@dataclass(frozen=True, slots=True)
class Chat:
    """One conversation that is over."""

    performance: Performance
    recording: Path
    observations: tuple[Observation, ...]
    cpu_s: Mapping[str, float]
    """Processor time from the answer to the call's end, by process; of use where it was the only call."""

    @property
    def seconds(self) -> float:
        """From the answer to the end."""
        answered = self.performance.answered
        return 0.0 if answered is None else self.performance.ended - answered


@dataclass(frozen=True, slots=True)
class Talk:
    """What so many callers at once have come to."""

    calls: int
    chats: tuple[Chat, ...]
    load_average: tuple[float, float]
    """Of one minute, when it began and when it ended."""

    @property
    def observations(self) -> list[Observation]:
        """Turns that were said while all calls stood."""
        return [one for chat in self.chats for one in chat.observations if one.standing >= self.calls]

    @property
    def thin(self) -> int:
        """Turns that do not count: fewer calls stood, as while one caller dials again."""
        return sum(len(chat.observations) for chat in self.chats) - len(self.observations)

    def of(self, outcome: Outcome) -> list[Observation]:
        """The observations with this outcome."""
        return [one for one in self.observations if one.outcome is outcome]

    @property
    def unanswered(self) -> list[Failure]:
        """Turns to which nothing was said."""
        return [
            Failure(f"{self.name}, {one.caller}, turn {one.turn}", f"“{one.said}” was not answered.")
            for one in self.of(Outcome.UNANSWERED)
        ]

    @property
    def broken(self) -> list[Failure]:
        """Calls that could not be played to their end."""
        return [
            Failure(f"{self.name}, {chat.recording.stem}", trouble)
            for chat in self.chats
            for trouble in chat.performance.troubles
        ]

    @property
    def name(self) -> str:
        """For people."""
        return "1 call" if self.calls == 1 else f"{self.calls} calls at once"


class _Standing:
    """A watcher: since when and until when a call stood, and what the agent's processes used meanwhile."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._before: Mapping[str, float] = {}
        self._answered: datetime | None = None
        self._ended: datetime | None = None
        self.cpu_s: Mapping[str, float] = {}

    def __call__(self, moment: Moment) -> None:
        """See Watcher."""
        if moment.kind is MomentKind.ANSWERED:
            self._answered = datetime.now(UTC)
            self._before = used_s(self._house.processes())
        elif moment.kind is MomentKind.ENDED and self._answered is not None:
            self._ended = datetime.now(UTC)
            after = used_s(self._house.processes())
            self.cpu_s = {name: used - self._before.get(name, 0.0) for name, used in after.items()}

    def at(self, moment: datetime) -> bool:
        """Whether the call stood then."""
        return self._answered is not None and self._answered <= moment and (self._ended is None or moment < self._ended)


class Talkers:
    """Plays a talk."""

    def __init__(self, house: House, people: People, chance: random.Random, *, number: str, agent: Agent) -> None:
        self._house = house
        self._people = people
        self._chance = chance
        self._number = number
        self._agent = agent
        self._voice = CallerVoice()
        self._standing: list[_Standing] = []

    async def talk(self, calls: int, turns: int) -> Talk:
        """So many calls at once until `turns` were answered while all of them stood, or all that is prepared was said.

        All voices are made beforehand: nothing but telephones, agent and Asterisk works meanwhile.
        """
        needed = turns / ((FEWEST_LINES + MOST_LINES) / 2)
        scripts = [self._script(turns) for _ in range(round(SPARE * needed) + calls)]
        texts = [line.text for script in scripts for line in script.lines if not line.recorded]
        await self._voice.prepare(texts)
        began = os.getloadavg()[0]
        chats: list[Chat] = []

        def enough() -> bool:
            return len(Talk(calls, tuple(chats), (0.0, 0.0)).of(Outcome.ANSWERED)) >= turns

        async def caller() -> None:
            while scripts and not enough():
                script = scripts.pop()
                await asyncio.sleep(script.stagger_s if calls > 1 else 0)
                chats.append(await self._chat(script))
                said = sum(len(chat.observations) for chat in chats)
                self._house.progress(f"{calls} at once: {said} turns")

        async with asyncio.TaskGroup() as group:
            for _ in range(calls):
                group.create_task(caller())
        return Talk(calls, tuple(chats), (began, os.getloadavg()[0]))

    def _script(self, most: int) -> _Script:
        count = self._chance.randint(min(most, FEWEST_LINES), min(most, MOST_LINES))
        lines = tuple(self._people.line() for _ in range(count))
        steps: list[dict[str, object]] = [self._listen()]
        for line in lines:
            steps += [line.step, self._listen()]
        caller = [*steps, {"hang_up": None}]
        scenario = Scenario.model_validate({"name": "chat", "to": self._number, "caller": caller})
        return _Script(lines, scenario, self._chance.uniform(0, STAGGER_S))

    async def _chat(self, script: _Script) -> Chat:
        standing = _Standing(self._house)
        self._standing.append(standing)
        sounds = await props.prepare(script.scenario, self._voice.speak)
        played = await self._house.perform(script.scenario, sounds, watch=standing)
        return Chat(played.performance, played.recording, tuple(self._observed(script.lines, played)), standing.cpu_s)

    def _listen(self) -> dict[str, object]:
        pause = round(self._chance.uniform(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS))
        return {"wait_for_agent": {"quiet_ms": pause, "timeout_s": ANSWER_TIMEOUT_S}}

    def _observed(self, lines: Sequence[Line], played: Played) -> Iterator[Observation]:
        performance = played.performance
        results, _ = turn_results(performance, len(lines))
        for line, result in zip(lines, results[1:], strict=True):
            if result.caller_span is None:
                continue  # never said: the conversation has failed before
            spoken = performance.zero + timedelta(seconds=result.caller_span.end)
            yield observed(
                result,
                performance.agent_speech,
                self._agent,
                caller=played.recording.stem,
                said=line.text,
                recorded=line.recorded,
                standing=sum(call.at(spoken) for call in self._standing),
            )


async def talk(house: House, plan: Plan, calls: int) -> Talk:
    """The talk of so many callers in this house; rows that ask for the same share it."""
    key = f"talk-{calls}"
    if key not in house.kept:
        house.progress(f"{calls} at once: preparing voices")
        recordings = await asyncio.to_thread(whole_sentences)
        chance = plan.random("talk", calls)
        talkers = Talkers(house, People(recordings, chance), chance, number=NUMBER, agent=receptionist())
        house.kept[key] = await talkers.talk(calls, plan.turns)
    found: Talk = house.kept[key]
    return found


NUMBER = "1000"


def receptionist() -> Agent:
    """The sample agent that ships with the package: nothing is made easier for the bench."""
    return load_agents(None)["receptionist"]
