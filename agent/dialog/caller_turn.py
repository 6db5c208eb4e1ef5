"""The caller's turn while it is open: all they said since the agent was last heard, in one or several stretches."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from agent.dialog.listener import Utterance
from agent.speech.stt import Transcript


@dataclass(frozen=True, slots=True)
class Stretch:
    """Speech up to a silence that ended it, or keys that were pressed."""

    utterance: Utterance
    transcription: asyncio.Future[Transcript]
    """Under way or done; may have failed."""

    @classmethod
    def of_text(cls, text: str, at_s: float) -> Stretch:
        """What needs no recogniser, at a time of the call's clock."""
        known: asyncio.Future[Transcript] = asyncio.get_running_loop().create_future()
        known.set_result(Transcript(text, 0.0))
        return cls(Utterance(b"", at_s, at_s, 0), known)


@dataclass(slots=True)
class CallerTurn:
    """Grows until the first sound of the answer to it is played."""

    stretches: list[Stretch] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    """What was understood of each stretch, by its position; a stretch that is not in it is not understood yet."""
    interrupts: bool = False
    """It cut the agent short."""
    aside: bool = False
    """It answered what the model did not ask, and is no part of what the model reads."""
    answered: bool = False
    """The first sound of an answer to it was played: it is closed and recorded."""

    @property
    def text(self) -> str:
        """What was understood so far."""
        return " ".join(text for _, text in sorted(self.texts.items()) if text)

    @property
    def understood(self) -> bool:
        """Whether all of it went through the recogniser."""
        return len(self.texts) == len(self.stretches)

    async def hear_out(self, timeout_s: float) -> None:
        """Wait for the recogniser, for so long at most; what it fails at is left out."""
        missing = [at for at in range(len(self.stretches)) if at not in self.texts]
        tasks = {self.stretches[at].transcription for at in missing}
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)
        for at in missing:
            found = self.stretches[at].transcription
            if found.done() and not found.cancelled() and found.exception() is None:
                self.texts[at] = found.result().text.strip()

    @property
    def started_s(self) -> float:
        """On the call's clock; of the first stretch in which words were understood, if there is one."""
        worded = [stretch for at, stretch in enumerate(self.stretches) if self.texts.get(at)]
        return (worded or self.stretches)[0].utterance.started_s

    @property
    def ended_s(self) -> float:
        """End of the last speech."""
        return self.stretches[-1].utterance.ended_s

    @property
    def speech_ms(self) -> int:
        """Speech within it, pauses left out."""
        return sum(stretch.utterance.speech_ms for stretch in self.stretches)
