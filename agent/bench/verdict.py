"""Which of many calls went well. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agent.bench.echo import CallRecord
from agent.bench.sipp import CallPlan, Outcome
from agent.domain.call import EndedReason
from agent.ops.report import Failure

ENOUGH = 0.95
"""Of the frames that a call's length makes due. A call whose sound comes and goes loses far more."""
_GRACE_S = 1.0
_CHANNEL = re.compile(
    r"(?P<channel>\S+)\s+\d+:\d\d:\d\d\s+\S+\s+"
    r"(?P<received>\d+)(?P<r>K?)\s+\d+K?\s+\d+\s+[\d.]+\s+(?P<sent>\d+)(?P<s>K?)\s+\d+K?\s+\d+\s+[\d.]+\s+[\d.]+\s*$"
)


def failures(
    plan: CallPlan,
    callers: Outcome,
    records: Sequence[CallRecord],
    refused: Sequence[str],
    sent: Mapping[str, float],
) -> tuple[int, list[Failure]]:
    """How many of the planned calls failed, and why, as far as it is known.

    `records` are the agent's of the calls it answered, `refused` why it did not answer others; `sent` is the packets
    a second that each caller's channel was sent while all calls stood.
    """
    problems = [problem for record in records if (problem := _problem(record, plan))]
    found = [Failure("call", text) for text in problems]
    if callers.failed:
        found.append(Failure("callers", f"SIPp counts {callers.failed} failed calls. {callers.words}".strip()))
    found += [Failure("call", f"it was not answered: {reason}") for reason in refused]
    if (missing := plan.calls - len(records) - len(refused)) > 0:
        found.append(Failure("calls", f"{missing} of {plan.calls} calls did not reach the agent"))
    deaf = {channel: rate for channel, rate in sent.items() if rate < ENOUGH * 50}
    found += [
        Failure(channel, f"the caller was sent {rate:.0f} of 50 packets a second") for channel, rate in deaf.items()
    ]
    good = min(len(records) - len(problems), callers.successful, plan.calls - len(deaf))
    return plan.calls - max(0, good), found


def _problem(record: CallRecord, plan: CallPlan) -> str | None:
    due = plan.hold_s * 50
    if record.reason != EndedReason.CALLER_HANGUP:
        return f"it ended as {record.reason} after {record.lasted_s:.1f} s"
    if record.lasted_s < plan.hold_s - _GRACE_S:
        return f"it lasted {record.lasted_s:.1f} of {plan.hold_s:.1f} s"
    if record.received < ENOUGH * due:
        return f"{record.received} of {due:.0f} frames came from the caller"
    if record.sent < ENOUGH * due:
        return f"{record.sent} of {due:.0f} frames were sent to the caller"
    return None


def packets_sent(channel_statistics: str) -> dict[str, int]:
    """Channel → packets sent to its telephone, from the answer of Asterisk's `pjsip show channelstats`."""
    found = {}
    for line in channel_statistics.splitlines():
        if match := _CHANNEL.search(line):
            found[match["channel"]] = int(match["sent"]) * (1000 if match["s"] else 1)
    return found
