"""Whether the agent's sound arrives whole and in time while several calls talk."""

from __future__ import annotations

from collections.abc import Mapping

from agent.bench.conversation.house import House
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.talk import NUMBER, receptionist, talk
from agent.domain.agent import Agent
from agent.ops.report import measured
from agent.rehearsal.control import Control as StageControl
from agent.rehearsal.turn_results import broken_speech

CALLS = 4


class Frames:
    """The talk of four callers, as heard at their telephones."""

    name = "frames"

    @property
    def agents(self) -> Mapping[str, Agent]:
        """See Row."""
        return {NUMBER: receptionist()}

    @property
    def controls(self) -> Mapping[str, Control]:
        """See Row."""
        return {
            "lost-frames": Control("60 ms of each second that the agent says are lost", StageControl(lose_ms=60)),
            "late-frames": Control("60 ms of each second that the agent says come late", StageControl(hold_ms=60)),
        }

    async def run(self, house: House, plan: Plan) -> Findings:
        """See Row."""
        heard = await talk(house, plan, CALLS)
        broken = [(chat, hole) for chat in heard.chats for hole in broken_speech(chat.performance)]
        frames = [chat.performance.frames for chat in heard.chats]
        received, sent = sum(one.received for one in frames), sum(one.sent for one in frames)
        late = _percent(sum(one.received_late for one in frames), received)
        own = _percent(sum(one.sent_late for one in frames), sent)
        minutes = sum(chat.seconds for chat in heard.chats) / 60
        return Findings(
            measures=(
                measured("conversation.holes", len(broken) if received else None, count=len(heard.chats)),
                measured("conversation.late_frames", late, count=received),
                measured("conversation.caller_late_frames", own, count=sent),
            ),
            failures=tuple(heard.broken),
            notes=(f"frames: {minutes:.1f} minutes of {len(heard.chats)} calls, {sum(f.lost for f in frames)} lost",),
            details={
                "holes": [
                    {"recording": chat.recording.name, "start_s": round(hole.start, 3), "end_s": round(hole.end, 3)}
                    for chat, hole in broken
                ]
            },
        )


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
