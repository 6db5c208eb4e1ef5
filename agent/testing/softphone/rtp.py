"""RTP packets (RFC 3550), their µ-law sound and telephone events (RFC 4733): bytes in, bytes out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from agent.media.pcm import Samples as Pcm
from agent.media.pcm import samples, ulaw_decode, ulaw_encode
from agent.media.schedule import FRAME_SAMPLES as FRAME
from agent.media.schedule import SAMPLE_RATE as RATE

__all__ = [
    "FRAME",
    "KEYS",
    "RATE",
    "Packet",
    "Pcm",
    "RtpSyntaxError",
    "from_ulaw",
    "key_press",
    "parse",
    "parse_key",
    "to_ulaw",
]

KEYS = "0123456789*#ABCD"
"""Telephone events 0 to 15 (RFC 4733 3.2)."""
EVENT_VOLUME = 10  # -10 dBm0, a usual level of a key press
END_REPEATS = 3  # RFC 4733 2.5.1.4: the last packet is sent three times
_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")


class RtpSyntaxError(ValueError):
    """The datagram is not an RTP packet."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet."""

    payload_type: int
    sequence: int
    timestamp: int
    """In samples, modulo 2^32."""
    ssrc: int
    payload: bytes
    marker: bool = False

    def encode(self) -> bytes:
        """As it stands on the wire."""
        second = (0x80 if self.marker else 0) | self.payload_type
        header = _HEADER.pack(0x80, second, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc)
        return header + self.payload


def parse(datagram: bytes) -> Packet:
    """The packet in a datagram, without extension and padding. Raises RtpSyntaxError; RTCP is refused too."""
    if len(datagram) < _HEADER.size:
        raise RtpSyntaxError(f"only {len(datagram)} bytes")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(datagram)
    if first >> 6 != 2:
        raise RtpSyntaxError("not version 2")
    if 192 <= second <= 223:
        raise RtpSyntaxError("RTCP")  # the range that RFC 5761 keeps apart
    start = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        if len(datagram) < start + 4:
            raise RtpSyntaxError("extension is cut off")
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
    end = len(datagram)
    if first & 0x20:
        end -= datagram[-1]
    if not start <= end:
        raise RtpSyntaxError("headers or padding are longer than the packet")
    return Packet(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=datagram[start:end],
        marker=bool(second & 0x80),
    )


def to_ulaw(pcm: Pcm) -> bytes:
    """8 kHz signed 16-bit samples as µ-law."""
    return ulaw_encode(pcm.astype("<i2").tobytes())


def from_ulaw(payload: bytes) -> Pcm:
    """µ-law as signed 16-bit samples."""
    return samples(ulaw_decode(payload))


def key_press(key: str, *, frames: int) -> Iterator[tuple[bytes, bool]]:
    """Payloads of one key press of `frames` x 20 ms, one for each frame, then the repeats of the last.

    The flag marks the first packet. All share the timestamp of the first (RFC 4733 2.5.1.1). Raises ValueError.
    """
    if len(key) != 1 or key.upper() not in KEYS:
        raise ValueError(f"no such key: {key!r}")
    code = KEYS.index(key.upper())
    for index in range(frames):
        last = index == frames - 1
        payload = _EVENT.pack(code, EVENT_VOLUME | (0x80 if last else 0), (index + 1) * FRAME)
        yield payload, index == 0
        for _ in range(END_REPEATS - 1 if last else 0):
            yield payload, False


def parse_key(payload: bytes) -> tuple[str, bool] | None:
    """Key of a telephone-event payload, and whether it was let go; None for other events and short payloads."""
    if len(payload) < _EVENT.size:
        return None
    code, flags, _ = _EVENT.unpack_from(payload)
    return (KEYS[code], bool(flags & 0x80)) if code < len(KEYS) else None
