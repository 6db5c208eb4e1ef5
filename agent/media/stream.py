"""The sound of one call, both ways."""

from __future__ import annotations

from uuid import UUID

from agent.media.connection import Connection
from agent.media.ending import MediaEnd, MediaEndKind
from agent.media.inbox import Inbox
from agent.media.outcome import Outcome
from agent.media.playout import Playout
from agent.media.tap import Tap


class MediaStream:
    """An admitted connection as a conversation sees it: 8 kHz signed 16-bit little-endian mono, frames of 320 bytes."""

    def __init__(self, connection: Connection, uuid: UUID) -> None:
        self._connection = connection
        self.uuid = uuid

    @property
    def frames(self) -> Inbox:
        """Frames from the caller, for one reader: `async for frame in stream.frames`; ends with the stream.

        They come when the caller's telephone sends: one that sends nothing while muted or on hold gives no frames.
        """
        return self._connection.inbox

    @property
    def playout(self) -> Playout:
        """Sound to the caller."""
        return self._connection.playout

    @property
    def tap(self) -> Tap:
        """Both sides as they pass, for whoever records or listens."""
        return self._connection.tap

    @property
    def closed(self) -> Outcome[MediaEnd]:
        """How the stream ended, as soon as it has; never raises. May be awaited by several tasks."""
        return self._connection.closed

    def pause(self) -> None:
        """The caller is elsewhere, and Asterisk sends nothing meanwhile: nothing is played, and silence is no stall."""
        self._connection.playout.withhold()
        self._connection.rest()

    def resume(self) -> None:
        """The caller is back."""
        self._connection.wake()
        self._connection.playout.release()

    def hang_up(self, detail: str = "") -> None:
        """End it without waiting; `detail` is for the log."""
        self._connection.end(MediaEndKind.LOCAL, detail)

    async def close(self) -> None:
        """Hang up and wait until the socket is closed; may be called again, and after the stream ended by itself."""
        self.hang_up()
        await self._connection.gone
