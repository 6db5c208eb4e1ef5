"""The AudioSocket frame codec: bytes in, frames out, no socket.

A frame is kind (1 byte), payload length (2 bytes, big-endian), payload. The first frame of a connection carries the
call's UUID. Source: Asterisk's documentation, Configuration/Channel-Drivers/AudioSocket, and what Asterisk 22.10 sends.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from agent.errors import MediaError

HEADER_BYTES: Final = 3
UUID_BYTES: Final = 16
FRAMES_A_SECOND: Final = 50  # as nearly all telephones send
MAX_AUDIO_MS: Final = 300  # Asterisk sends one frame per RTP packet; no codec of it packs more (G.723.1: 300 ms)
MAX_ERROR_BYTES: Final = 255  # an error code is one byte today; room for a text


class Kind(IntEnum):
    """What a frame carries. SLIN: signed 16-bit little-endian mono at the rate in the name."""

    HANGUP = 0x00
    UUID = 0x01
    DTMF = 0x03
    SLIN_8K = 0x10
    SLIN_12K = 0x11
    SLIN_16K = 0x12
    SLIN_24K = 0x13
    SLIN_32K = 0x14
    SLIN_44K1 = 0x15
    SLIN_48K = 0x16
    SLIN_96K = 0x17
    SLIN_192K = 0x18
    ERROR = 0xFF

    @property
    def rate(self) -> int:
        """Samples per second; 0 for a kind that is not sound."""
        return _RATES.get(self, 0)


_RATES: Final[dict[Kind, int]] = {
    Kind.SLIN_8K: 8000,
    Kind.SLIN_12K: 12000,
    Kind.SLIN_16K: 16000,
    Kind.SLIN_24K: 24000,
    Kind.SLIN_32K: 32000,
    Kind.SLIN_44K1: 44100,
    Kind.SLIN_48K: 48000,
    Kind.SLIN_96K: 96000,
    Kind.SLIN_192K: 192000,
}
_KINDS: Final[dict[int, Kind]] = {kind.value: kind for kind in Kind}
_CONTROL_LENGTHS: Final[dict[Kind, range]] = {
    Kind.HANGUP: range(1),
    Kind.UUID: range(UUID_BYTES, UUID_BYTES + 1),
    Kind.DTMF: range(1, 2),
    Kind.ERROR: range(MAX_ERROR_BYTES + 1),
}


class FrameProblem(StrEnum):
    """What is wrong with a frame."""

    BAD_FIRST_FRAME = "bad_first_frame"
    """The connection does not begin with a UUID."""
    SECOND_UUID = "second_uuid"
    UNKNOWN_KIND = "unknown_kind"
    WRONG_RATE = "wrong_rate"
    """Sound, but not at the rate that was asked for."""
    WRONG_UUID_LENGTH = "wrong_uuid_length"
    WRONG_LENGTH = "wrong_length"
    """A length that this kind of control frame cannot have."""
    EMPTY_AUDIO = "empty_audio"
    ODD_AUDIO = "odd_audio"
    """Half a sample at the end."""
    OVERSIZED_AUDIO = "oversized_audio"
    """More than MAX_AUDIO_MS of sound."""


class FrameError(MediaError):
    """The bytes are not AudioSocket; nothing after them can be trusted."""

    code = "media_malformed"

    def __init__(self, problem: FrameProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


class Frame(NamedTuple):
    """One frame: its kind and its payload without the header."""

    kind: Kind
    payload: bytes

    @property
    def uuid(self) -> UUID:
        """The payload of a UUID frame as such. Raises ValueError for another length."""
        return UUID(bytes=self.payload)


def encode(kind: Kind, payload: bytes = b"") -> bytes:
    """The frame's bytes. Raises FrameError for a payload that `kind` cannot have."""
    _check_length(kind, len(payload))
    return bytes((kind,)) + len(payload).to_bytes(2, "big") + payload


HANGUP: Final = bytes((Kind.HANGUP, 0, 0))


class Decoder:
    """Turns one connection's bytes into frames, however they were split.

    Holds at most one incomplete frame between calls when every `feed` is followed by `next_frame` until None.
    After a FrameError the connection is lost: each further `next_frame` raises it again and `feed` drops its bytes.
    """

    def __init__(self, audio: Kind = Kind.SLIN_8K) -> None:
        self._audio = audio
        self._usual_bytes = 2 * audio.rate // FRAMES_A_SECOND
        self._usual = encode(audio, bytes(self._usual_bytes))[:HEADER_BYTES]
        self._buffer = b""
        self._offset = 0
        self._identified = False
        self._error: FrameError | None = None

    @property
    def pending(self) -> int:
        """Bytes of frames not yet taken."""
        return len(self._buffer) - self._offset

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        if self._error is None:
            self._buffer = self._buffer[self._offset :] + data if self.pending else data
            self._offset = 0

    def next_frame(self) -> Frame | None:
        """The next complete frame, None where more bytes are needed. Raises FrameError.

        A header is judged as soon as its three bytes are there, so a frame that claims too much is never stored.
        """
        if self._error is not None:
            raise self._error
        start = self._offset + HEADER_BYTES
        if start > len(self._buffer):
            return None
        if self._identified and self._buffer.startswith(self._usual, self._offset):
            return self._usual_frame(start)
        code, high, low = self._buffer[self._offset : start]
        length = high << 8 | low
        try:
            kind = self._accept(code, length)
        except FrameError as error:
            self._error, self._buffer, self._offset = error, b"", 0
            raise
        end = start + length
        if end > len(self._buffer):
            return None
        self._offset = end
        self._identified = True
        return Frame(kind, self._buffer[start:end])

    def _usual_frame(self, start: int) -> Frame | None:
        """20 ms of sound: of nearly all frames nothing else need be judged."""
        end = start + self._usual_bytes
        if end > len(self._buffer):
            return None
        self._offset = end
        return Frame(self._audio, self._buffer[start:end])

    def _accept(self, code: int, length: int) -> Kind:
        kind = _KINDS.get(code)
        if not self._identified and kind is not Kind.UUID:
            raise FrameError(FrameProblem.BAD_FIRST_FRAME, f"the first frame has kind 0x{code:02x}, not a UUID")
        if kind is None:
            raise FrameError(FrameProblem.UNKNOWN_KIND, f"a frame has the unknown kind 0x{code:02x}")
        if self._identified and kind is Kind.UUID:
            raise FrameError(FrameProblem.SECOND_UUID, "a second UUID was sent")
        if kind.rate and kind is not self._audio:
            raise FrameError(FrameProblem.WRONG_RATE, f"sound at {kind.rate} Hz came, not at {self._audio.rate}")
        _check_length(kind, length)
        return kind


def _check_length(kind: Kind, length: int) -> None:
    if kind.rate:
        if not length:
            raise FrameError(FrameProblem.EMPTY_AUDIO, "a frame of sound has no samples")
        if length % 2:
            raise FrameError(FrameProblem.ODD_AUDIO, f"a frame of sound has {length} bytes: half a sample")
        most = min(kind.rate * 2 * MAX_AUDIO_MS // 1000, 0xFFFE)
        if length > most:
            raise FrameError(FrameProblem.OVERSIZED_AUDIO, f"a frame of sound has {length} bytes; {most} is the most")
    elif length not in _CONTROL_LENGTHS[kind]:
        problem = FrameProblem.WRONG_UUID_LENGTH if kind is Kind.UUID else FrameProblem.WRONG_LENGTH
        raise FrameError(problem, f"a frame of kind {kind.name} has {length} bytes")
