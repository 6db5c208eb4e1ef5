from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.trace_context import NoTracer, TraceContext
from agent.ids import new_call_id

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_header_is_read_and_written() -> None:
    context = TraceContext.parse(GIVEN)
    assert context is not None
    assert (context.header, context.sampled) == (GIVEN, True)
    later = TraceContext.parse(GIVEN.replace("00-4", "cc-4", 1) + "-what-will-be")
    assert later == context


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        GIVEN.upper(),
        GIVEN + "-more",
        GIVEN.replace("00-", "ff-", 1),
        GIVEN.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
        GIVEN.replace("00f067aa0ba902b7", "0" * 16),
    ],
)
def test_what_is_no_header_begins_no_trace(header: str | None) -> None:
    assert TraceContext.parse(header) is None


@given(st.text(max_size=80))
def test_no_text_hurts(text: str) -> None:
    TraceContext.parse(text)
    assert TraceContext.parse(TraceContext.of_call(text).header) == TraceContext.of_call(text)


def test_the_trace_of_a_call_follows_from_its_id() -> None:
    first, second = new_call_id(), new_call_id()
    assert TraceContext.of_call(first) == TraceContext.of_call(first)
    assert TraceContext.of_call(first).trace_id != TraceContext.of_call(second).trace_id


def test_without_a_tracer_the_clients_trace_is_passed_on() -> None:
    context = TraceContext.parse(GIVEN)
    with NoTracer().span("x", kind="server", parent=context) as span:
        span.set(error="boom")
        assert span.context == context
