"""What the bench of calls out orders, and what it makes of what it finds."""

from __future__ import annotations

import pytest

from agent.bench.outbound.bench import OutboundPlan
from agent.bench.outbound.orders import MIX, planned
from agent.bench.outbound.verdict import Ordered, Recorded, fault, faults
from agent.bench.sipp_callees import Kind, parse_invites
from agent.domain.call import CallStatus, EndedReason
from agent.errors import ConfigurationError

LOG = (
    "invite 2026-11-27\t17:11:22.361418\t1795799482.361418 +4930200001\n"
    "something else 1795799482.4\n"
    "invite 2026-11-27\t17:11:23.361418\t1795799483.361418 +4930200001\n"
    "invite 2026-11-27\t17:11:23.5\t1795799483.500000 +4930200002"
)


def test_invites_are_read_from_sipps_log() -> None:
    assert parse_invites(LOG) == {"+4930200001": [1795799482.361418, 1795799483.361418], "+4930200002": [1795799483.5]}
    assert parse_invites("") == {}


def test_no_number_is_ordered_twice_and_its_last_digit_is_its_kind() -> None:
    calls = list(planned(100))
    assert len({number for number, _ in calls}) == 100
    assert all(int(number[-1]) == kind for number, kind in calls)
    assert [kind for _, kind in calls[:10]] == list(MIX)
    crossed = [number for number, kind in planned(100, crossed=True) if int(number[-1]) != kind]
    assert len(crossed) == 5


def ordered(kind: Kind) -> Ordered:
    return Ordered("+49301", kind, 0.0, call_id="call_1")


def recorded(status: CallStatus, reason: EndedReason | None, *, answered: bool = False, told: int = 1) -> Recorded:
    return Recorded(status, reason, answered=answered, ended_at=1.0, ends_told=told)


@pytest.mark.parametrize(
    ("kind", "found", "said"),
    [
        (Kind.ANSWERS, recorded(CallStatus.COMPLETED, EndedReason.CALLER_HANGUP, answered=True), None),
        (Kind.BUSY, recorded(CallStatus.BUSY, EndedReason.BUSY), None),
        (Kind.BUSY, recorded(CallStatus.FAILED, EndedReason.REJECTED), "failed, rejected"),
        (Kind.BUSY, recorded(CallStatus.BUSY, EndedReason.BUSY, told=2), "told 2 times"),
        (Kind.BUSY, recorded(CallStatus.BUSY, EndedReason.BUSY, told=0), "told 0 times"),
        (Kind.RINGS, recorded(CallStatus.RINGING, None, told=0), "still ringing"),
        (Kind.RINGS, None, "not on record"),
    ],
)
def test_each_call_has_one_right_end(kind: Kind, found: Recorded | None, said: str | None) -> None:
    why = fault(ordered(kind), found)
    assert why is None if said is None else said in (why or "")
    assert [one.what for one in faults([(ordered(kind), found)])] == ([] if said is None else ["call_1"])


def test_after_a_death_an_answered_call_is_completed_and_another_has_failed() -> None:
    reason = EndedReason.INTERNAL_ERROR
    answered, failed = recorded(CallStatus.COMPLETED, reason, answered=True), recorded(CallStatus.FAILED, reason)
    for found in (answered, failed):
        assert fault(ordered(Kind.ANSWERS), found) is not None
        assert fault(ordered(Kind.ANSWERS), found, died=True) is None
    assert fault(ordered(Kind.ANSWERS), recorded(CallStatus.FAILED, reason, answered=True), died=True) is not None


@pytest.mark.parametrize("plan", [{"rows": ("pace", "race")}, {"control": "none"}])
def test_a_plan_that_does_not_exist_is_refused(plan: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="is not known"):
        OutboundPlan(**plan)  # type: ignore[arg-type]  # on purpose
