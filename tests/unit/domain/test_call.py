from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.call import Call, CallStatus, Direction, EndedReason, InvalidTransitionError, transition

AT = datetime(2026, 11, 22, tzinfo=UTC)


def a_call(direction: Direction) -> Call:
    first = CallStatus.RINGING if direction is Direction.INBOUND else CallStatus.QUEUED
    return Call("call_1", direction, "", "1000", "receptionist", first, AT)


def test_an_answered_call_is_completed_with_its_reason_and_causes() -> None:
    call = transition(a_call(Direction.INBOUND), CallStatus.IN_PROGRESS, at=AT)
    assert call.answered_at == AT
    call = transition(
        call, CallStatus.COMPLETED, at=AT, reason=EndedReason.CALLER_HANGUP, hangup_cause=16, sip_code=200
    )
    assert (call.ended_at, call.ended_reason, call.hangup_cause, call.sip_code) == (AT, "caller_hangup", 16, 200)


def test_a_terminal_status_needs_a_reason_and_another_one_takes_none() -> None:
    call = a_call(Direction.INBOUND)
    with pytest.raises(InvalidTransitionError, match="needs a reason"):
        transition(call, CallStatus.CANCELED, at=AT)
    with pytest.raises(InvalidTransitionError, match="takes no reason"):
        transition(call, CallStatus.IN_PROGRESS, at=AT, reason=EndedReason.BUSY)


@given(st.sampled_from(Direction), st.lists(st.sampled_from(CallStatus), max_size=12))
def test_nothing_follows_a_terminal_status(direction: Direction, wanted: list[CallStatus]) -> None:
    call = a_call(direction)
    for status in wanted:
        was_terminal = call.status.terminal
        try:
            call = transition(call, status, at=AT, reason=EndedReason.CANCELED if status.terminal else None)
        except InvalidTransitionError:
            continue
        assert not was_terminal
        assert call.status.terminal == (call.ended_at is not None)
