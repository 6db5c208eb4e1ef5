"""One call by hand: a caller who listens, waits for moments and speaks into them, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.bench.conversation.house import Dialled, House
from agent.domain.events import FillerSaid, Trouble, TurnEnded
from agent.errors import TelephonyError
from agent.rehearsal.alignment import Told, told_turns
from agent.rehearsal.performance import Performance, Said, Span
from agent.rehearsal.performer import measured
from agent.testing import measure
from agent.testing.line import line_noise
from agent.testing.softphone import PhoneCall
from agent.testing.softphone.call import CallEndedError
from agent.testing.softphone.rtp import RATE, Pcm

ANSWER_TIMEOUT_S = 30.0
OVER_TIMEOUT_S = 20.0
"""How long after the hang-up the agent may take to tell how the call ended."""
AGENT_TIMEOUT_S = 30.0
"""How long a caller waits for the agent to speak; then the call has failed."""
LONGEST_SPEECH_S = 120.0
LOOK_S = 0.1
"""How often the caller looks whether a filler was followed by the answer."""
TOLD_AFTER_S = 1.0
"""The agent may tell a turn of the caller's only when the answer to it has begun."""
AHEAD = RATE // 20
"""A sound for a certain moment is handed to the telephone 50 ms before it."""
LINE_NOISE_S = 10.0


class SilentAgentError(Exception):
    """The agent did not speak, or did not fall silent, in time; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Encounter:
    """A call that is over."""

    performance: Performance
    received: Pcm
    """What came to the caller's telephone, 8 kHz."""
    recording: Path

    @property
    def told(self) -> list[Told]:
        """The turns by the agent's own account, on the recording's clock."""
        return told_turns(self.performance)

    @property
    def agent(self) -> list[measure.Span]:
        """Where the agent is heard, in samples."""
        return [measure.Span(round(one.start * RATE), round(one.end * RATE)) for one in self.performance.agent_speech]

    @property
    def troubles(self) -> tuple[str, ...]:
        """Why the call could not be played as planned."""
        return self.performance.troubles

    @property
    def agent_troubles(self) -> tuple[str, ...]:
        """What the agent told of its own parts that failed: codes of errors."""
        return tuple(event["code"] for event in self.performance.events if event["type"] == Trouble.type)


class Caller:
    """The person at the telephone, in an answered call. All methods raise CallEndedError where it is over."""

    def __init__(self, call: PhoneCall, events: Sequence[Mapping[str, Any]] = ()) -> None:
        """`events`: the agent's own account of the call, which grows."""
        self.call = call
        self._events = events
        self._dealt_with = 0
        self.said: list[Said] = []
        """What was said so far, one item for each `say`."""
        self.heard_until = call.answered_at or 0
        """Position up to which the agent's speech is dealt with: the next one is what the caller waits for."""

    async def agent_begins(self, *, timeout_s: float = AGENT_TIMEOUT_S) -> int:
        """The position of the agent's next sound since the caller last spoke. Raises SilentAgentError."""
        try:
            return await asyncio.wait_for(self.call.agent_started(after=self.heard_until), timeout_s)
        except TimeoutError:
            raise SilentAgentError(f"The agent said nothing within {timeout_s:g} s.") from None

    async def listen(self, quiet_ms: int = 800) -> None:
        """Wait until the agent has spoken since the caller last did, and then was quiet. Raises SilentAgentError."""
        began = await self.agent_begins()
        began = await self._bridged("agent", LONGEST_SPEECH_S) or began
        silent = self.call.agent_quiet(quiet_ms, after=began)
        try:
            self.heard_until = await asyncio.wait_for(silent, LONGEST_SPEECH_S)
        except TimeoutError:
            raise SilentAgentError(f"The agent was not quiet within {LONGEST_SPEECH_S:g} s.") from None

    async def hear_out(self, quiet_ms: int) -> None:
        """As `listen`, but to the end of a turn by the agent's own account, whatever pauses it makes before.

        Raises SilentAgentError.
        """
        await self.listen(quiet_ms)
        while not await self._turn_is_over():
            await self.listen(quiet_ms)

    async def _turn_is_over(self) -> bool:
        """Whether the agent tells within TOLD_AFTER_S that its turn has ended."""
        until = self.call.position + round(TOLD_AFTER_S * RATE)
        while not any(_ends_turn(event, "agent") for event in self._events[self._dealt_with :]):
            if self.call.position >= until:
                return False
            await self.call.reached(self.call.position + round(LOOK_S * RATE))
        return True

    @property
    def understood(self) -> str:
        """What the agent has said since the caller last did, as far as it tells."""
        turns = [event["turn"] for event in self._events[self._dealt_with :] if _ends_turn(event, "agent")]
        return " ".join(turn["text"] for turn in turns)

    async def answer(self, *, timeout_s: float = AGENT_TIMEOUT_S) -> None:
        """Wait for the beginning of an answer, and a little longer for the agent to tell what it answers.

        Raises SilentAgentError.
        """
        began = await self.agent_begins(timeout_s=timeout_s)
        await self.call.reached(began + round(TOLD_AFTER_S * RATE))
        await self._bridged("caller", timeout_s)

    async def _bridged(self, speaker: str, timeout_s: float) -> int | None:
        """After a filler: wait until a turn of that speaker's is told. A person hears that a filler is no answer."""
        until, position = self.call.position + round(timeout_s * RATE), None
        while self.call.position < until:
            since = self._events[self._dealt_with :]
            bridges = any(event["type"] == FillerSaid.type for event in since)
            if not bridges or any(_ends_turn(event, speaker) for event in since):
                break
            position = await self.call.reached(self.call.position + round(LOOK_S * RATE))
        return position

    async def until(self, position: int, *, quiet_ms: int = 4000, after: int) -> bool:
        """Wait for a moment in the agent's speech; False: the agent had been quiet for so long before it came."""
        silent = asyncio.ensure_future(self.call.agent_quiet(quiet_ms, after=after))
        moment = asyncio.ensure_future(self.call.reached(position - AHEAD))
        try:
            await asyncio.wait({silent, moment}, return_when=asyncio.FIRST_COMPLETED)
            return moment.done() and moment.result() is not None
        finally:
            for task in (silent, moment):
                task.cancel()
            await asyncio.gather(silent, moment, return_exceptions=True)

    async def say(
        self, pcm: Pcm, text: str = "", *, at: int | None = None, kind: str = "say", takes_turn: bool = True
    ) -> measure.Span:
        """Say something to its end; where its energy lies, in samples. `takes_turn`: an answer to it is waited for."""
        span = await self.call.say(pcm, at=at)
        where = Span(span.start / RATE, span.end / RATE)
        self.said.append(Said(len(self.said) + 1, kind, text, where))
        if takes_turn:
            self.heard_until, self._dealt_with = span.end, len(self._events)
        return span


async def meet(
    house: House, number: str, play: Callable[[Caller], Awaitable[None]], *, seed: int, background: Pcm | None = None
) -> Encounter:
    """Call `number`, let `play` do the caller's part, hang up, and read what was recorded.

    Whatever goes wrong in the call is in `troubles`. `background` is heard in all the call; None: the noise of a quiet
    line, drawn by `seed`, since no real line is silent to the last bit. Raises SetupError where the agent's process
    has ended.
    """
    behind = line_noise(LINE_NOISE_S, seed=seed) if background is None else background
    troubles: list[str] = []
    async with house.dial(number, background=behind) as dialled:
        caller: Caller | None = None
        try:
            if not await asyncio.wait_for(asyncio.shield(dialled.call.answered), ANSWER_TIMEOUT_S):
                troubles.append(f"The call was not answered ({dialled.call.ended.result()}).")
            else:
                caller = Caller(dialled.call, dialled.follower.events)
                await play(caller)
        except (CallEndedError, SilentAgentError, TelephonyError) as error:
            troubles.append(str(error))
        except TimeoutError:
            troubles.append(f"The call was not answered within {ANSWER_TIMEOUT_S:g} s.")
        await dialled.call.hang_up()
        try:
            await asyncio.wait_for(asyncio.shield(dialled.follower.over), OVER_TIMEOUT_S)
        except TimeoutError:
            troubles.append(f"The agent did not tell how the call ended within {OVER_TIMEOUT_S:g} s.")
    return await asyncio.to_thread(_recorded, dialled, caller.said if caller else [], troubles)


def _ends_turn(event: Mapping[str, Any], speaker: str) -> bool:
    return bool(event["type"] == TurnEnded.type and event["turn"]["speaker"] == speaker)


def _recorded(dialled: Dialled, said: list[Said], troubles: list[str]) -> Encounter:
    call = dialled.call
    performance = replace(measured(call, said), events=tuple(dialled.follower.events), troubles=tuple(troubles))
    _, received = measure.read_tracks(call.recording)
    return Encounter(performance, received, call.recording)
