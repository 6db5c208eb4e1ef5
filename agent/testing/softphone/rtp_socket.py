"""A pair of UDP ports for one call, and the moment at which the kernel took each packet in."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator

LARGEST_PACKET = 2048  # bytes; a packet of 20 ms has 172
ATTEMPTS = 50  # pairs tried; each fails only if the upper port of two is taken
# Linux's number for it, which `socket` does not name before Python 3.14. Where a system refuses it, the time of reading
# counts.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")

Address = tuple[str, int]


class RtpSocket:
    """An even port for RTP; the odd one above it takes RTCP, which is thrown away."""

    def __init__(self, host: str) -> None:
        self._rtp, self._rtcp = _pair(host)
        self._rtp.settimeout(0)
        try:
            self._rtp.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        except OSError:
            return

    @property
    def address(self) -> Address:
        """Where RTP is taken."""
        host, port = self._rtp.getsockname()[:2]
        return host, port

    def send(self, packet: bytes, to: Address) -> None:
        """One packet, at once. A full buffer or a refusal loses it, as the network may."""
        try:
            self._rtp.sendto(packet, to)
        except OSError:
            return

    def receive(self) -> Iterator[tuple[bytes, Address, float]]:
        """Every waiting packet, who sent it, and when it came by the monotonic clock."""
        offset = time.time_ns() - time.monotonic_ns()
        while True:
            try:
                data, ancillary, _, source = self._rtp.recvmsg(LARGEST_PACKET, 128)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error of an earlier packet is reported here, once
            yield data, source, _arrival(ancillary, offset)

    def close(self) -> None:
        """Give both ports back."""
        self._rtp.close()
        self._rtcp.close()


def _arrival(ancillary: list[tuple[int, int, bytes]], offset: int) -> float:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return float(seconds * 1_000_000_000 + nanoseconds - offset) / 1e9
    return time.monotonic()


def _pair(host: str) -> tuple[socket.socket, socket.socket]:
    for _ in range(ATTEMPTS):
        lower = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        upper = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            lower.bind((host, 0))
            port = lower.getsockname()[1]
            if port % 2 == 0:
                upper.bind((host, port + 1))
                return lower, upper
        except OSError:
            pass
        lower.close()
        upper.close()
    raise OSError(f"no pair of free UDP ports on {host}")
