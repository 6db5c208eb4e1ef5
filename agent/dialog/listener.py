"""Listens to one call: frames in; what turn-taking decides, and the sound of each of the caller's turns, out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.dialog.turn_taking import (
    AgentVoice,
    Decision,
    GoOn,
    Interrupted,
    NoiseOver,
    Paused,
    Probe,
    Resumed,
    SpeechBegan,
    TurnOver,
    TurnTaking,
    Yield,
)
from agent.media.key_tones import KeyToneGuard

FRAME_MS = 20
FRAME_BYTES = 320
WINDOW_MS = 32
"""Silero's window at 8 kHz: 256 samples."""
PRE_ROLL_MS = 300  # an onset as soft as "h" or "f" comes well before the detector is sure
POST_ROLL_MS = 200  # the tail of a word sinks below the threshold before it ends
MISSING_AFTER_MS = 100  # five frames: more than jitter between Asterisk and us, less than any pause that matters
_SILENCE = bytes(FRAME_BYTES)


class VoiceDetection(Protocol):
    """Says how likely each 32 ms window holds speech."""

    def feed(self, frame: bytes) -> list[float]:
        """The probabilities of the windows that this 20 ms frame completes."""
        ...


@dataclass(frozen=True, slots=True)
class Utterance:
    """The sound of one stretch of the caller's speech, from its first sound until it was taken for a turn."""

    pcm: bytes
    """8 kHz signed 16-bit little-endian mono, from PRE_ROLL_MS before the speech to POST_ROLL_MS after it."""
    started_s: float
    ended_s: float
    """End of the last speech; seconds on the call's clock."""
    speech_ms: int


@dataclass(frozen=True, slots=True)
class Draft:
    """The sound of a turn that may be over, or goes on: what its Utterance begins with."""

    pcm: bytes
    ended_ms: int
    """End of the last speech in it, on the call's clock."""
    goes_on: bool = False
    """The caller is still speaking."""

    @property
    def ended_s(self) -> float:
        """The same in seconds, as of the Utterance."""
        return self.ended_ms / 1000


Heard = SpeechBegan | Yield | GoOn | Interrupted | Resumed | NoiseOver | Draft | Utterance


class Listener:
    """Turns the frames of one call into what was heard.

    Telephones that suppress silence send no frames at all then; the listener puts silence in their place, so that its
    clock, counted in frames from the answer on, keeps up with the wall clock. For single packets that got lost, which
    add up, it puts in one frame at a time: never a pause in the middle of a word.
    """

    def __init__(
        self,
        detector: VoiceDetection,
        turns: TurnTaking,
        *,
        agent: Callable[[], AgentVoice],
        heard: Callable[[Heard], None],
        beside: Callable[[bytes, Sequence[float]], None] | None = None,
    ) -> None:
        """`beside` gets every frame, and the probabilities of speech of the windows that it completes."""
        self._beside = beside
        self._detector = detector
        self._turns = turns
        self._agent = agent
        self._heard = heard
        self._key_tones = KeyToneGuard()
        self._clock_ms = 0
        self._frame_came_at = 0.0
        self._recent: deque[bytes] = deque(maxlen=PRE_ROLL_MS // FRAME_MS + 2 * WINDOW_MS // FRAME_MS)
        self._turn: bytearray | None = None
        self._turn_began_ms = 0

    @property
    def clock_s(self) -> float:
        """Seconds of sound taken so far."""
        return self._clock_ms / 1000

    async def run(self, frames: AsyncIterable[bytes]) -> None:
        """Listen until `frames` ends."""
        began = asyncio.get_running_loop().time()
        filler = asyncio.create_task(self._fill_gaps(began), name="gap-filler")
        try:
            async for frame in frames:
                self._frame_came_at = asyncio.get_running_loop().time()
                self.take(frame)
        finally:
            filler.cancel()
            await asyncio.gather(filler, return_exceptions=True)

    async def _fill_gaps(self, began: float) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(MISSING_AFTER_MS / 1000)
            now = loop.time()
            behind_ms = (now - began) * 1000 - self._clock_ms
            if behind_ms > MISSING_AFTER_MS:
                none_come = (now - self._frame_came_at) * 1000 >= MISSING_AFTER_MS
                for _ in range(int(behind_ms) // FRAME_MS if none_come else 1):
                    self.take(_SILENCE)

    def take(self, frame: bytes) -> None:
        """Take the next 20 ms."""
        self._clock_ms += FRAME_MS
        if self._turn is None:
            self._recent.append(frame)
        else:
            self._turn += frame
        is_key = self._key_tones.feed(frame)
        speech = [0.0 if is_key else probability for probability in self._detector.feed(frame)]
        if self._beside is not None:
            self._beside(frame, speech)
        for probability in speech:
            self._decided(self._turns.hear(probability, self._clock_ms, WINDOW_MS, self._agent()))

    def end_turn(self) -> None:
        """What the caller said so far is a turn, whatever follows."""
        self._decided(self._turns.end_turn())

    def understood(self, draft: Draft, text: str, finality: float | None = None) -> None:
        """What the recogniser made of a draft, and how likely it found that a sentence ends there."""
        self._decided(self._turns.words(text, draft.ended_ms, self._clock_ms, finality))

    def _decided(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            self._pass_on(decision)

    def _pass_on(self, decision: Decision) -> None:
        match decision:
            case SpeechBegan():
                self._turn = bytearray(b"".join(self._recent))
                self._turn_began_ms = self._clock_ms - len(self._recent) * FRAME_MS
                self._recent.clear()
                self._heard(decision)
            case Paused(ended_ms):
                self._heard(Draft(self._sound_until(ended_ms), ended_ms))
            case Probe(at_ms):
                self._heard(Draft(bytes(self._turn or b""), at_ms, goes_on=True))
            case TurnOver():
                pcm = self._sound_until(decision.ended_ms)
                self._close_turn()
                self._heard(Utterance(pcm, decision.started_ms / 1000, decision.ended_ms / 1000, decision.speech_ms))
            case NoiseOver():
                self._close_turn()
                self._heard(decision)
            case Yield() | GoOn() | Interrupted() | Resumed():
                self._heard(decision)

    def _sound_until(self, ended_ms: int) -> bytes:
        """The turn's sound to POST_ROLL_MS after `ended_ms`, what has not come of it yet as silence."""
        size = (ended_ms + POST_ROLL_MS - self._turn_began_ms) // FRAME_MS * FRAME_BYTES
        return bytes(self._turn or b"")[:size].ljust(size, b"\0")

    def _close_turn(self) -> None:
        pcm = bytes(self._turn or b"")
        self._turn = None
        tail = pcm[-FRAME_BYTES * (self._recent.maxlen or 1) :]
        self._recent.extend(tail[at : at + FRAME_BYTES] for at in range(0, len(tail), FRAME_BYTES))
