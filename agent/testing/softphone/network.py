"""A network that loses and delays packets. Pure: packets with the time of their sending in, those that are due out.

As `tc-netem` of Linux does it: the delays of packets are independent of each other, so that with a jitter of more than
one packet's 20 ms they arrive in another order than they were sent in. Queues alone would delay, but never reorder;
this is the harsher of the two that happen.
"""

from __future__ import annotations

import heapq

import numpy as np

from agent.testing.softphone.condition import LineCondition


class Network:
    """One direction of one call."""

    def __init__(self, condition: LineCondition) -> None:
        self.lost = 0
        """Packets that never arrive."""
        self._loss = condition.loss_percent / 100
        self._jitter_s = condition.jitter_ms / 1000
        self._chance = np.random.default_rng(condition.seed)
        self._under_way: list[tuple[float, int, bytes]] = []
        self._count = 0

    @property
    def next_at(self) -> float | None:
        """When the next packet arrives, on the clock of `put`; None: none is under way."""
        return self._under_way[0][0] if self._under_way else None

    def put(self, packet: bytes, at_s: float) -> None:
        """A packet is sent at this moment, in seconds."""
        self._count += 1
        lost, delay_s = self._chance.random() < self._loss, self._chance.random() * self._jitter_s
        if lost:
            self.lost += 1
        else:
            heapq.heappush(self._under_way, (at_s + delay_s, self._count, packet))

    def arrived(self, at_s: float) -> list[bytes]:
        """The packets that have arrived by this moment and were not given before, in the order of their arrival."""
        packets = []
        while self._under_way and self._under_way[0][0] <= at_s:
            packets.append(heapq.heappop(self._under_way)[2])
        return packets
