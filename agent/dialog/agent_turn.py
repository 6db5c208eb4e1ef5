"""One turn of the agent: its sentences, the sound of each, and what the caller heard of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.media.playout import Clip, Playout


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    clip: Clip
    aside: bool


class AgentTurn:
    """Queues sentences on the call's playout and remembers how much of each was sent."""

    def __init__(self, playout: Playout, *, began: Callable[[str], None]) -> None:
        """`began` is called with the first sentence when its first sample was sent."""
        self._playout = playout
        self._began = began
        self._pieces: list[_Piece] = []
        self.started_at: float | None = None
        """When the first sample was sent, on the event loop's clock."""

    def say(self, text: str, pcm: bytes, *, aside: bool = False) -> Clip:
        """Queue one sentence, 8 kHz signed 16-bit little-endian mono, behind those before it.

        `aside`: a word to bridge a wait. It is recorded, but no part of the answer: a model that reads "Let me see." in
        its own answers begins each one with it.
        """
        clip = self._playout.play(pcm)
        self._pieces.append(_Piece(text, clip, aside))
        if len(self._pieces) == 1:
            clip.started.add_done_callback(lambda started: self._first_sound(started.result(), text))
        return clip

    def stop(self) -> None:
        """Fall silent now; what was not yet sent never will be."""
        self._playout.stop()

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
        """Whether any of it was cut."""
        return any(piece.clip.sent < piece.clip.samples for piece in self._pieces)

    @property
    def heard(self) -> str:
        """The text by the samples really sent: whole sentences, and of a cut one the words that fit its share."""
        return " ".join(part for part in map(_heard, self._pieces) if part)

    @property
    def heard_of_the_answer(self) -> str:
        """The same without asides."""
        return " ".join(part for part in map(_heard, (piece for piece in self._pieces if not piece.aside)) if part)

    def _first_sound(self, at: float | None, text: str) -> None:
        self.started_at = at
        if at is not None:
            self._began(text)


def _heard(piece: _Piece) -> str:
    clip = piece.clip
    if clip.sent >= clip.samples:
        return piece.text
    spoken = int(len(piece.text) * clip.sent / clip.samples)
    if spoken < len(piece.text) and not piece.text[spoken].isspace():
        spoken = max(piece.text.rfind(" ", 0, spoken), 0)
    return piece.text[:spoken].rstrip()
