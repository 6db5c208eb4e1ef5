"""One turn of the agent: its sentences, the sound of each, and what the caller heard of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from agent.media.playout import Clip, Playout
from agent.speech.word_marks import WordMark, heard_text, word_marks

NEARLY_SAID = 4800
"""Samples, 0.6 s with the pause at the end: a caller who answers that early has guessed the rest."""


@dataclass(frozen=True)
class _Piece:
    text: str
    clip: Clip
    aside: bool
    pcm: bytes
    language: str

    def heard(self, sent_after: int) -> str:
        """Of its text the words that the caller surely heard, when so many samples were sent after it, and then none.

        The last of what is sent before a cut is still on its way then.
        """
        return heard_text(self.text, self._marks, self.clip.sent + sent_after)

    @cached_property
    def _marks(self) -> list[WordMark]:
        """Made for the pieces of a cut turn alone, and once: an interruption asks for them several times."""
        return word_marks(self.text, self.pcm, self.language)


class AgentTurn:
    """Queues sentences on the call's playout and remembers how much of each was sent."""

    def __init__(self, playout: Playout, *, language: str, began: Callable[[str], None]) -> None:
        """`language` tells how its numbers are said; `began` is called with the first sentence when its first sample
        was sent."""
        self._playout = playout
        self._language = language
        self._began = began
        self._pieces: list[_Piece] = []
        self._taken = 0
        self.started_at: float | None = None
        """When the first sample was sent, on the event loop's clock."""

    def say(self, text: str, pcm: bytes, *, aside: bool = False) -> Clip:
        """Queue one sentence, 8 kHz signed 16-bit little-endian mono, behind those before it.

        `aside`: a word to bridge a wait. It is recorded, but no part of the answer: a model that reads "Let me see." in
        its own answers begins each one with it.
        """
        clip = self._playout.play(pcm)
        self._pieces.append(_Piece(text, clip, aside, pcm, self._language))
        if len(self._pieces) == 1:
            clip.started.add_done_callback(lambda started: self._first_sound(started.result(), text))
        return clip

    def stop(self) -> None:
        """Fall silent now; what was not yet sent never will be."""
        self._playout.stop()

    @property
    def answer_began_at(self) -> float | None:
        """The same of the first sentence that is no aside."""
        own = next((piece.clip.started for piece in self._pieces if not piece.aside), None)
        return own.result() if own is not None and own.done() else None

    async def finished(self) -> None:
        """Wait until every sentence queued so far was played or cut."""
        for piece in list(self._pieces):
            await piece.clip.done

    @property
    def text(self) -> str:
        """All that was queued, heard or not."""
        return " ".join(piece.text for piece in self._pieces)

    @property
    def interrupted(self) -> bool:
        """Whether any word of it was cut: silence that was does not matter."""
        return self._was_cut and self._heard(self._pieces) != self.text

    @property
    def _was_cut(self) -> bool:
        return any(piece.clip.sent < piece.clip.samples for piece in self._pieces)

    @property
    def heard(self) -> str:
        """The text by the samples really sent: all of it, or the words that were heard to their end before the cut."""
        return self._heard(self._pieces)

    @property
    def said(self) -> str:
        """What the caller has heard by now, and its end where that comes at once: what they may be answering."""
        left = sum(piece.clip.samples - piece.clip.sent for piece in self._pieces)
        return self.text if left < NEARLY_SAID else self.heard

    @property
    def heard_of_the_answer(self) -> str:
        """The same without asides, and without what was taken before."""
        return self._heard([piece for piece in self._pieces[self._taken :] if not piece.aside])

    def take_heard(self) -> str:
        """`heard_of_the_answer`, which begins anew with what is queued from now on."""
        heard, self._taken = self.heard_of_the_answer, len(self._pieces)
        return heard

    def _heard(self, pieces: Sequence[_Piece]) -> str:
        if not self._was_cut:
            return " ".join(piece.text for piece in pieces)
        sent = [piece.clip.sent for piece in pieces]
        parts = (piece.heard(sum(sent[at + 1 :])) for at, piece in enumerate(pieces))
        return " ".join(part for part in parts if part)

    def _first_sound(self, at: float | None, text: str) -> None:
        self.started_at = at
        if at is not None:
            self._began(text)
