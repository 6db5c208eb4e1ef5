"""A conversation on a stage: real playout and turn-taking, fake ears, mind and mouth, a scripted caller."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np

from agent.dialog.conversation import Conversation
from agent.dialog.lulls import Lulls
from agent.dialog.opening import Decided
from agent.dialog.parts import Parts
from agent.dialog.phrases import PhraseBook
from agent.dialog.speculation import Speculation
from agent.dialog.switching import Switching
from agent.dialog.tool_desk import NoTools, ToolDesk, ToolRunner
from agent.domain.agent import Agent
from agent.domain.call import Call, CallStatus, Direction, EndedReason
from agent.domain.commands import Command
from agent.domain.events import Event, TurnEnded
from agent.domain.partial_transcript import PartialTranscript
from agent.domain.turns import Speaker, Turn
from agent.media.inbox import Inbox
from agent.media.outcome import Outcome
from agent.media.playout import Playout
from agent.media.stream import MediaStream
from agent.settings import Settings
from agent.testing.fakes import FakeEars, FakeMind, FakeMouth
from agent.testing.tone import tone

SPEECH = b"\x01\x10" * 160
SILENCE = bytes(320)
BEEP = tone(1000, 0.02).tobytes()


class Line:
    """The telephone line: both directions of one call, without a socket."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.frames = Inbox()
        self.closed: Outcome[Any] = Outcome()
        self.received: list[bytes] = []
        self.playout = Playout(self, loop)
        self.playout.start()

    def ready(self) -> bool:
        return True

    def write(self, frame: bytes) -> None:
        self.received.append(frame[3:])

    def withheld(self) -> None:
        raise AssertionError

    @property
    def samples_of_sound(self) -> int:
        return int(np.count_nonzero(np.frombuffer(b"".join(self.received), "<i2")))

    def hang_up(self) -> None:
        self.frames.close()
        self.playout.close()
        self.closed.settle(None)


class Detector:
    """Certain that every frame with sound in it is speech."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, frame: bytes) -> list[float]:
        self._pending += frame
        windows = []
        while len(self._pending) >= 512:
            windows.append(0.95 if any(self._pending[:512]) else 0.01)
            del self._pending[:512]
        return windows


@dataclass
class Partials:
    """Who follows the call as it is spoken."""

    wanted: bool = True
    told: list[PartialTranscript] = field(default_factory=list)

    def partial(self, partial: PartialTranscript) -> None:
        assert self.wanted
        self.told.append(partial)

    def of(self, speaker: Speaker) -> list[str]:
        return [partial.text for partial in self.told if partial.speaker is speaker]


@dataclass
class Stage:
    agent: Agent
    ears: FakeEars
    mind: FakeMind
    mouth: FakeMouth = field(default_factory=FakeMouth)
    settings: Settings = field(default_factory=Settings)
    events: list[Event] = field(default_factory=list)
    on_event: Callable[[Event], object] = lambda _event: None
    recording: Decided | None = None
    switching: Switching | None = None
    press: Callable[[str], Awaitable[None]] | None = None
    detect: bool = False
    """The agent calls, and finds out who answers."""
    runner: ToolRunner = field(default_factory=NoTools)
    lulls: Lulls = field(default_factory=Lulls)
    partials: Partials = field(default_factory=Partials)

    @property
    def turns(self) -> list[Turn]:
        return [event.turn for event in self.events if isinstance(event, TurnEnded)]

    def said_by(self, speaker: Speaker) -> list[str]:
        return [turn.text for turn in self.turns if turn.speaker is speaker]

    def _happened(self, event: Event) -> None:
        self.events.append(event)
        self.on_event(event)

    async def raise_curtain(self) -> None:
        loop = asyncio.get_running_loop()
        self.line = Line()
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.commands: asyncio.Queue[Command] = asyncio.Queue()
        book = PhraseBook(self.mouth)
        self.mouth.failures, failures = [], self.mouth.failures
        await book.prepare([self.agent])
        self.mouth.said.clear()
        self.mouth.failures = failures
        self.closing = asyncio.Event()
        speculation = self.speculation = Speculation(enabled=self.settings.turns.speculate)
        self.desk = ToolDesk(self.runner, self._happened)
        parts = Parts(
            self.settings,
            self.ears,
            self.mind,
            book,
            Detector,
            self._happened,
            speculation,
            self.desk,
            self.lulls,
            self.partials,
        )
        call = Call("call_1", Direction.INBOUND, "", "1000", "tester", CallStatus.IN_PROGRESS, datetime.now(UTC))
        self.conversation = Conversation(
            parts,
            self.agent,
            call,
            cast("MediaStream", self.line),
            keys=self.keys,
            commands=self.commands,
            closing=self.closing,
            press=self.press,
            recording=self.recording,
            detect=self.detect,
            switching=self.switching,
        )
        self.began = loop.time()
        self.task = asyncio.create_task(self.conversation.run())

    async def desk_closes(self) -> None:
        """What is under way for callers who have gone is done."""
        await self.desk.close(60)

    async def caller(
        self, *script: tuple[str, float], then: Callable[[], Awaitable[None]] | None = None
    ) -> EndedReason:
        """Plays ("speak" | "beep" | "quiet" | "agent_quiet" | "hang_up", seconds) in turn, then is silent."""
        await self.raise_curtain()
        if not self.detect:
            await self._until(lambda: self.line.playout.busy, 3)
        for what, seconds in script:
            if what == "hang_up":
                self.line.hang_up()
            elif what == "agent_quiet":
                await self._until(lambda: not self.line.playout.busy, seconds)
            elif what == "others_wait":
                self.speculation.waiting += 1  # nothing is begun ahead of its time from now on
            elif what == "agent_talks":
                await self._until(lambda: self.line.playout.busy, seconds)
            elif what == "beep":
                await self._frames(BEEP, seconds)
            else:
                await self._frames(SPEECH if what == "speak" else SILENCE, seconds)
        while not self.task.done():
            await self._frames(SILENCE, 0.02)
        self.line.playout.close()
        reason = await self.task
        if then is not None:
            await then()
        return reason

    async def _frames(self, frame: bytes, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            self.line.frames.put(frame)
            await asyncio.sleep(0.02)

    async def _until(self, condition: Any, at_most_s: float) -> None:
        for _ in range(round(at_most_s * 50)):
            if condition():
                return
            await self._frames(SILENCE, 0.02)
        raise AssertionError("the agent did not do what the caller waited for")
