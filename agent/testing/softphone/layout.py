"""Where on the recording each received packet belongs. Pure: packets and their arrival in, positions out.

The policy is that of a telephone whose jitter buffer adds no delay of its own:

- The first packet lies where it arrived. Later ones lie on the same *line* (position = line + RTP timestamp), so
  consecutive packets join without clicks although their arrival jitters.
- A packet that comes more than `LATE` behind its line has left a hole: the line moves to where it arrived.
- Silent packets move the line to the present delay: at once where they arrive early, by an eighth of the difference
  where they arrive late. So after a stall and its burst the surplus delay is dropped in the next silence, never in the
  middle of a word, and the onset of speech after silence lies within `LATE` of its arrival, usually within 2 ms.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from agent.testing.softphone.rtp import FRAME, Packet

LATE = 160  # samples, 20 ms: what the smallest usual jitter buffer would still hide
LINE_GAIN = 8  # a single late silent packet of 8 ms moves the line by 1 ms
RESTART = 8000  # samples, 1 s: a timestamp that jumps further than this starts a new line
RECENT = 64  # sequence numbers remembered to tell a late packet from a repeated one
_HALF_32, _HALF_16 = 1 << 31, 1 << 15


@dataclass(slots=True)
class Reception:
    """Counts of one call's received packets."""

    packets: int = 0
    lost: int = 0
    """Never came, by sequence number."""
    late: int = 0
    """Came more than 20 ms behind their line, while there was sound."""
    reordered: int = 0
    repeated: int = 0
    ignored: int = 0
    """Not from the agreed address, not RTP, or of another payload type."""


@dataclass(frozen=True, slots=True)
class Place:
    """What to do with a packet's samples."""

    position: int
    """Where the first kept sample lies."""
    skip: int = 0
    """Samples at its start that are dropped: surplus silence."""


class Layout:
    """The line of one RTP stream; a new SSRC starts a new one."""

    def __init__(self) -> None:
        self.reception = Reception()
        self._ssrc: int | None = None
        self._line = 0
        self._end = 0
        self._sequence = 0
        self._timestamp = 0
        self._recent: deque[int] = deque(maxlen=RECENT)

    def place(self, packet: Packet, *, arrival: int, samples: int = FRAME, silent: bool) -> Place | None:
        """Where the packet's `samples` lie; None: nowhere (a repetition).

        `arrival` is the recording position at which it came; `silent`: nothing to be heard in it.
        """
        self.reception.packets += 1
        if packet.ssrc != self._ssrc or abs(self._since(packet)) > RESTART:
            self._start(packet, arrival)
        step = _signed(packet.sequence - self._sequence, _HALF_16)
        timestamp = self._timestamp + self._since(packet)
        if packet.sequence in self._recent:
            self.reception.repeated += 1
            return None
        self._recent.append(packet.sequence)
        if step < 0:
            self.reception.reordered += 1
            self.reception.lost = max(0, self.reception.lost - 1)
            return Place(self._line + timestamp)
        self.reception.lost += max(0, step - 1)
        self._sequence, self._timestamp = packet.sequence, timestamp
        return self._place_next(timestamp, arrival, samples, silent=silent)

    def note(self, packet: Packet) -> None:
        """A packet without sound, such as a key press, has used up a sequence number of this stream."""
        if packet.ssrc == self._ssrc:
            step = _signed(packet.sequence - self._sequence, _HALF_16)
            self.reception.lost += max(0, step - 1)
            self._sequence = packet.sequence if step > 0 else self._sequence

    def _place_next(self, timestamp: int, arrival: int, samples: int, *, silent: bool) -> Place:
        behind = arrival - (self._line + timestamp)
        if silent:
            self._line += behind if behind < 0 or behind > LATE else behind // LINE_GAIN
        elif behind > LATE:
            self.reception.late += 1
            self._line += behind
        position = self._line + timestamp
        overlap = self._end - position
        if overlap > 0 and not silent:
            self._line += overlap
            position, overlap = self._end, 0
        skip = min(max(overlap, 0), samples)
        self._end = max(self._end, position + samples)
        return Place(position + skip, skip)

    def _start(self, packet: Packet, arrival: int) -> None:
        self._ssrc = packet.ssrc
        self._timestamp = packet.timestamp
        self._sequence = packet.sequence - 1
        self._line = max(arrival, self._end) - packet.timestamp
        self._recent.clear()

    def _since(self, packet: Packet) -> int:
        """Samples from the latest packet's timestamp, which may have wrapped around."""
        return _signed(packet.timestamp - self._timestamp, _HALF_32)


def _signed(difference: int, half: int) -> int:
    return (difference + half) % (2 * half) - half
