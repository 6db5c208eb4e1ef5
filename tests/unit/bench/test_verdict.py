from __future__ import annotations

from dataclasses import replace

import pytest

from agent.bench.echo import CallRecord
from agent.bench.sipp import CallPlan, Outcome
from agent.bench.verdict import failures, packets_sent

PLAN = CallPlan(calls=2, rate=1, hold_s=10)
GOOD = CallRecord(
    number="1000",
    answer_s=0.01,
    first_frame_s=0.02,
    lasted_s=10.0,
    received=499,
    unread=0,
    sent=501,
    late=0,
    reason="caller_hangup",
)
ALL_WELL = Outcome(successful=2, failed=0)


def test_nothing_is_wrong_with_good_calls() -> None:
    assert failures(PLAN, ALL_WELL, [GOOD, GOOD], [], {"a": 50.0, "b": 49.7}) == (0, [])


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (replace(GOOD, reason="media_error"), "media_error"),
        (replace(GOOD, lasted_s=8.0), "lasted 8.0 of 10.0 s"),
        (replace(GOOD, received=400), "400 of 500 frames came"),
        (replace(GOOD, sent=400), "400 of 500 frames were sent"),
    ],
)
def test_a_call_that_went_wrong_is_counted_and_said(record: CallRecord, reason: str) -> None:
    failed, found = failures(PLAN, ALL_WELL, [GOOD, record], [], {})
    assert failed == 1
    assert reason in found[0].reason


def test_a_call_that_never_came_is_counted() -> None:
    failed, found = failures(PLAN, Outcome(1, 1, "no answer to INVITE"), [GOOD], [], {})
    assert failed == 1
    assert [failure.what for failure in found] == ["callers", "calls"]
    assert "no answer to INVITE" in found[0].reason


def test_a_call_that_was_not_answered_tells_why() -> None:
    failed, found = failures(PLAN, Outcome(1, 1), [GOOD], ["media_error"], {})
    assert failed == 1
    assert "media_error" in found[1].reason
    assert len(found) == 2


def test_callers_whose_telephones_get_too_little_are_failed_calls() -> None:
    failed, found = failures(PLAN, ALL_WELL, [GOOD, GOOD], [], {"a": 50.0, "b": 31.0})
    assert failed == 1
    assert (found[0].what, "31 of 50" in found[0].reason) == ("b", True)


def test_no_more_calls_fail_than_were_planned() -> None:
    failed, _ = failures(PLAN, Outcome(0, 2), [replace(GOOD, sent=0)] * 2, [], {"a": 0.0, "b": 0.0})
    assert failed == 2


def test_packets_are_read_from_asterisks_table() -> None:
    """As Asterisk 22.10 prints it, with and without a bridge; K stands for thousands."""
    table = """
                                             ...........Receive......... .........Transmit..........
 BridgeId ChannelId ........ UpTime.. Codec.   Count    Lost Pct  Jitter   Count    Lost Pct  Jitter RTT....
 ===========================================================================================================

          rehearsal-00000000 00:00:03 ulaw      140       0    0   0.000    139       0    0   0.001   0.000
 phone-ag rehearsal-00000001 01:00:03 ulaw      180K      0    0   0.000    181K      0    0   0.001   0.000

Objects found: 2
"""
    assert packets_sent(table) == {"rehearsal-00000000": 139, "rehearsal-00000001": 181_000}
    assert packets_sent("No objects found.") == {}
