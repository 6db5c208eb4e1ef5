"""Several callers at once, each in one conversation after the other, until enough was said."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.bench.conversation.chat import Chatter, Spoken
from agent.bench.conversation.house import House
from agent.bench.conversation.observation import Observation, Outcome, observed
from agent.bench.conversation.people import Line, People, whole_sentences
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.processor import used_s
from agent.domain.agent import Agent
from agent.ops.report import Failure
from agent.personas import load_agents
from agent.rehearsal.performance import Performance
from agent.rehearsal.turn_results import turn_results
from agent.rehearsal.wav import read_wav
from agent.testing.line import line_noise
from agent.testing.noise import speech_at_level
from agent.testing.softphone.call import CallEndedError
from agent.testing.softphone.rtp import Pcm
from agent.testing.voice import CallerVoice

FEWEST_LINES, MOST_LINES = 3, 6
"""What a caller says before hanging up, by chance."""
SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS = 700, 1500
"""How long the agent is quiet before the caller speaks again: longer than its own pauses between two sentences."""
STAGGER_S = 3.0
"""Callers begin, and call again, by chance within so much time of each other."""
LINE_NOISE_S = 10.0
SPARE = 2.5
"""So many times the conversations needed are prepared: turns that do not count are made up for."""


@dataclass(frozen=True, slots=True)
class _Script:
    """What one caller will do; drawn beforehand, so that the same seed gives the same, however the calls go."""

    lines: tuple[Line, ...]
    pauses_ms: tuple[int, ...]
    """Before each line, and before hanging up."""
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
    """Since when and until when a call stood, and what the agent's processes used meanwhile."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._before: Mapping[str, float] = {}
        self._answered: datetime | None = None
        self._ended: datetime | None = None
        self.cpu_s: Mapping[str, float] = {}

    def begin(self) -> None:
        """The call was answered."""
        self._answered = datetime.now(UTC)
        self._before = used_s(self._house.processes())

    def end(self) -> None:
        """The call was hung up."""
        if self._answered is not None:
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
        self._noise = line_noise(LINE_NOISE_S, seed=chance.randrange(1 << 30))
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
        pauses = tuple(round(self._chance.uniform(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS)) for _ in range(count + 1))
        return _Script(lines, pauses, self._chance.uniform(0, STAGGER_S))

    async def _chat(self, script: _Script) -> Chat:
        spoken = [
            Spoken(line, await self._sound(line), pause_ms)
            for line, pause_ms in zip(script.lines, script.pauses_ms, strict=False)
        ]
        standing = _Standing(self._house)
        self._standing.append(standing)
        trouble = None
        async with self._house.dial(self._number, background=self._noise) as dialled:
            chatter = Chatter(dialled)
            try:
                await chatter.answered()
                standing.begin()
                await chatter.talk(spoken, script.pauses_ms[-1])
            except TimeoutError:
                trouble = "The agent said nothing in time, or did not stop."
            except CallEndedError:
                trouble = "The call ended before all was said."
            await dialled.call.hang_up()
            standing.end()
            performance = await chatter.over(trouble)
        recording = dialled.call.recording
        observations = tuple(self._observed(script.lines, performance, recording.stem))
        return Chat(performance, recording, observations, standing.cpu_s)

    async def _sound(self, line: Line) -> Pcm:
        if line.wav is None:
            return await self._voice.speak(line.text)
        return speech_at_level(await asyncio.to_thread(read_wav, line.wav))

    def _observed(self, lines: Sequence[Line], performance: Performance, caller: str) -> Iterator[Observation]:
        results, _ = turn_results(performance, len(lines))
        for line, result in zip(lines, results[1:], strict=True):
            if result.caller_span is None:
                continue  # never said: the conversation has failed before
            spoken = performance.zero + timedelta(seconds=result.caller_span.end)
            yield observed(
                result,
                performance,
                self._agent,
                caller=caller,
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
