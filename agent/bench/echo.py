"""An echo in place of the conversation: the sound path's whole work, and no model's."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import Any

from agent.domain.call import Call, EndedReason
from agent.media.playout import Clip
from agent.media.statistics import FrameStatistics
from agent.media.stream import MediaStream
from agent.telephony.inputs import ChannelInputs

MOST_WAITING = 5  # frames, 100 ms: sound that piles up behind a stall is dropped, not played ever later


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What became of one call's sound, seen from the agent."""

    number: str
    """The number dialled."""
    answer_s: float
    """From the caller's arrival to the answer."""
    first_frame_s: float | None
    """From the answer to the caller's first frame; None: none came."""
    lasted_s: float
    """From the answer to the end of the sound."""
    received: int
    """Frames."""
    unread: int
    """Frames that the echo did not take in time."""
    sent: int
    """Frames, from the connection's accept on."""
    late: int
    """See FrameStatistics.late."""
    reason: str
    """Why the call ended: EndedReason."""


class Echo:
    """A `HandleCall` that sends each frame back and keeps count."""

    def __init__(self) -> None:
        self.frames = FrameStatistics()
        """Of all streams that have ended."""
        self.refused: list[str] = []
        """Why calls ended that were never answered."""
        self._records: dict[str, CallRecord] = {}

    async def __call__(self, call: Call, stream: MediaStream, _inputs: ChannelInputs) -> EndedReason:
        """Echo until the caller hangs up."""
        loop = asyncio.get_running_loop()
        answered_at = loop.time()
        first_at: float | None = None
        waiting: deque[Clip] = deque()
        try:
            async for frame in stream.frames:
                if first_at is None:
                    first_at = loop.time()
                while waiting and waiting[0].done.done():
                    waiting.popleft()
                if len(waiting) < MOST_WAITING:
                    waiting.append(stream.playout.play(frame))
        finally:
            self.frames.merge(stream.playout.statistics)
            self._records[call.id] = CallRecord(
                number=call.callee,
                answer_s=(call.answered_at - call.created_at).total_seconds() if call.answered_at else 0.0,
                first_frame_s=None if first_at is None else first_at - answered_at,
                lasted_s=loop.time() - answered_at,
                received=stream.frames.received,
                unread=stream.frames.dropped,
                sent=stream.playout.frames_sent,
                late=stream.playout.frames_late,
                reason="",
            )
        return EndedReason.CALLER_HANGUP

    def ended(self, call: Call) -> None:
        """The call has its terminal status."""
        reason = str(call.ended_reason)
        if call.id in self._records:
            self._records[call.id] = replace(self._records[call.id], reason=reason)
        else:
            self.refused.append(reason)

    def result(self) -> dict[str, Any]:
        """Everything, as JSON can hold it; times in seconds."""
        frames = self.frames
        return {
            "calls": [asdict(record) for record in self._records.values()],
            "refused": self.refused,
            "sent": frames.sent,
            "late": frames.late,
            "skipped": frames.skipped,
            "late_share": frames.late_share,
            "intervals": {str(percent): frames.interval_percentile_s(percent) for percent in (50, 95, 99)},
            "max_interval": frames.max_interval_s,
            "max_lateness": frames.max_lateness_s,
        }
