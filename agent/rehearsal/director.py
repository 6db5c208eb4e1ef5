"""Plays the caller's part of a scenario on the softphone, step by step."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from agent.errors import TelephonyError
from agent.rehearsal.moments import Moment, MomentKind, Watcher
from agent.rehearsal.performance import Said, Span
from agent.rehearsal.scenario import Connect, Overlap, Step
from agent.testing.measure import Span as Samples
from agent.testing.softphone.call import CallEndedError
from agent.testing.softphone.ending import CallEnd
from agent.testing.softphone.rtp import RATE, Pcm

SAMPLES_PER_MS = RATE // 1000
LOOK_MS = 100  # how often the caller looks whether a filler was followed by the answer
MARGIN_S = 5.0  # a clip takes its own length; so much longer means that the softphone is stuck

T = TypeVar("T")


class Telephone(Protocol):
    """What the director needs of an answered call; `PhoneCall` explains each."""

    answered_at: int | None
    ended: asyncio.Future[CallEnd]

    @property
    def position(self) -> int: ...  # noqa: D102 - see PhoneCall
    async def say(self, pcm: Pcm, *, at: int | None = None) -> Samples: ...  # noqa: D102
    async def press(self, keys: str) -> None: ...  # noqa: D102
    async def agent_started(self, *, after: int = 0) -> int: ...  # noqa: D102
    async def agent_quiet(self, quiet_ms: int, *, after: int = 0) -> int: ...  # noqa: D102
    async def reached(self, position: int) -> int: ...  # noqa: D102
    def stop_sending(self) -> None: ...  # noqa: D102
    async def hang_up(self) -> CallEnd: ...  # noqa: D102


Dial = Callable[[str], Awaitable[Telephone]]
"""Places another call, to a number; returns when it is answered and both hear each other. Raises TelephonyError."""


@dataclass(frozen=True, slots=True)
class Line:
    """A step with the sound that it needs, if any."""

    turn: int
    step: Step
    sound: Pcm | None = None

    @property
    def text(self) -> str:
        """What is said; empty where a recording is played."""
        utterance = self.step.utterance
        return (utterance.text or "") if utterance else ""


class _StepFailedError(Exception):
    """The step could not be done; the message is a sentence without its beginning."""


class Director:
    """Plays one scenario into one call."""

    def __init__(
        self,
        call: Telephone,
        watch: Watcher,
        dial: Dial | None = None,
        *,
        bridging: Callable[[], bool] = lambda: False,
    ) -> None:
        """`dial` is for the step `connect`; `bridging` tells whether the agent has said no more than a filler."""
        self._dial = dial
        self._bridging = bridging
        self._call = call
        self._watch = watch
        self._waited_for = 0
        """Position up to which the agent's speech is dealt with: the next one is what the caller waits for."""
        self.said: list[Said] = []
        self.trouble: str | None = None
        """Why the scenario could not be played to its end, in a sentence."""

    async def play(self, lines: Sequence[Line]) -> None:
        """Do every step of a call that was just answered, and hang up, where nobody has done so yet."""
        self._waited_for = self._call.answered_at or 0
        for number, line in enumerate(lines, 1):
            try:
                await self._do(line)
            except (_StepFailedError, CallEndedError, TelephonyError) as error:
                ended = isinstance(error, CallEndedError)
                if ended and not any(_needs_call(later.step) for later in lines[number - 1 :]):
                    break
                why = "the call had ended" if ended else str(error).rstrip(".")
                self.trouble = f"Step {number}, {line.step.name}: {why}."
                self._watch(Moment(MomentKind.TROUBLE, self.trouble))
                break
        await self._call.hang_up()

    async def _do(self, line: Line) -> None:
        step = line.step
        if step.wait_for_agent is not None:
            await self._wait_for_agent(step.wait_for_agent.quiet_ms, step.wait_for_agent.timeout_s)
        elif step.interrupt is not None or step.backchannel is not None:
            await self._speak_over(line, step.interrupt or step.backchannel)
        elif line.sound is not None:
            await self._say(line, line.sound)
        elif step.dtmf is not None:
            await self._within(self._call.press(step.dtmf), len(step.dtmf) + MARGIN_S, "the keys could not be pressed")
            self._watch(Moment(MomentKind.KEYS, step.dtmf))
        elif step.silence is not None:
            await self._call.reached(self._call.position + step.silence.ms * SAMPLES_PER_MS)
        elif step.stop_sending is not None:
            self._call.stop_sending()
        elif step.connect is not None:
            await self._connect(step.connect)
        elif step.wait_for_end is not None:
            await self._wait_for_end(step.wait_for_end.timeout_s)

    async def _wait_for_agent(self, quiet_ms: int, timeout_s: float) -> None:
        began = await self._agent_began(timeout_s)
        until = self._call.position + round(timeout_s * RATE)
        while self._bridging() and self._call.position < until:
            began = await self._call.reached(self._call.position + LOOK_MS * SAMPLES_PER_MS)
        silent = self._call.agent_quiet(quiet_ms, after=began)
        with contextlib.suppress(CallEndedError):  # it has spoken and is done, more than quiet
            self._waited_for = await self._within(silent, timeout_s, f"the agent was not quiet for {quiet_ms} ms")

    async def _agent_began(self, timeout_s: float) -> int:
        since = self._waited_for
        began = await self._within(self._call.agent_started(after=since), timeout_s, "the agent said nothing")
        self._watch(Moment(MomentKind.AGENT_BEGAN, ms=(began - since) / SAMPLES_PER_MS))
        return began

    async def _speak_over(self, line: Line, overlap: Overlap | None) -> None:
        if overlap is None or line.sound is None:
            return
        began = await self._agent_began(overlap.timeout_s)
        await self._say(line, line.sound, at=began + overlap.after_ms * SAMPLES_PER_MS)

    async def _say(self, line: Line, sound: Pcm, *, at: int | None = None) -> None:
        utterance = line.step.utterance
        cut = bool(utterance and utterance.cut_after_ms and utterance.cut_after_ms * SAMPLES_PER_MS < len(sound))
        if cut and utterance and utterance.cut_after_ms:
            sound = sound[: utterance.cut_after_ms * SAMPLES_PER_MS]
        text = line.text or "(a recording)"
        self._watch(Moment(MomentKind.CALLER_BEGAN, text))
        wait_s = max(0, (at or 0) - self._call.position) / RATE
        began = self._call.position
        try:
            span = await self._within(
                self._call.say(sound, at=at),
                wait_s + len(sound) / RATE + MARGIN_S,
                "the softphone did not finish speaking",
            )
        except CallEndedError:
            if not (utterance and utterance.until_end):
                raise
            span, cut = Samples(began, self._call.position), True
        where = Span(span.start / RATE, span.end / RATE)
        self.said.append(Said(line.turn, line.step.name, line.text, where, cut=cut))
        if line.step.backchannel is None:
            self._waited_for = span.end
        self._watch(Moment(MomentKind.CALLER_SAID, text))

    async def _wait_for_end(self, timeout_s: float) -> None:
        try:
            await asyncio.wait_for(asyncio.shield(self._call.ended), timeout_s)
        except TimeoutError:
            raise _StepFailedError(f"the agent did not hang up within {timeout_s:g} s") from None

    async def _connect(self, connect: Connect) -> None:
        if self._dial is None:
            raise _StepFailedError("nobody can be called here")
        other = await self._dial(connect.to)
        try:
            await asyncio.wait({self._call.ended, other.ended}, timeout=connect.timeout_s, return_when=FIRST_COMPLETED)
            if not (self._call.ended.done() or other.ended.done()):
                raise _StepFailedError(f"both were still talking after {connect.timeout_s:g} s")
        finally:
            await other.hang_up()

    async def _within(self, work: Awaitable[T], timeout_s: float, failure: str) -> T:
        try:
            return await asyncio.wait_for(work, timeout_s)
        except TimeoutError:
            raise _StepFailedError(f"{failure} within {timeout_s:g} s") from None


def _needs_call(step: Step) -> bool:
    return step.hang_up is None and step.wait_for_end is None
