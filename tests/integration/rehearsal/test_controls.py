"""Negative controls with real Asterisk and a real call: the stick measures what is there, and nothing that is not."""

from __future__ import annotations

from agent.rehearsal.echo import WAITS_MS
from agent.rehearsal.rehearsal import Rehearsed
from tests.integration.rehearsal.conftest import Rehearse

DELAY_MS = 300
WITHIN_MS = 20


def _fastest_ms(rehearsed: Rehearsed) -> float:
    """A busy machine adds to some latencies, and takes from none."""
    return min(turn.latency_ms for turn in rehearsed.judgement.turns[1:] if turn.latency_ms is not None)


async def test_an_echo_is_heard_but_meets_no_expectation_of_an_agent(rehearsed: Rehearse) -> None:
    done = await rehearsed("three-tones", "echo")
    assert {verdict.what: verdict.passed for verdict in done.judgement.verdicts} == {
        "turn 1, agent_says_any": False,
        "turn 2, caller_heard_as": False,
        "turn 3, interrupted": False,
        "call, status": True,
        "call, ended_reason": True,
    }
    assert done.performance.troubles == ()
    for turn in done.judgement.turns[1:]:
        assert turn.caller_span is not None
        assert turn.agent_span is not None
        sent, received = (span.end - span.start for span in (turn.caller_span, turn.agent_span))
        assert abs(received - sent) < 0.02


async def test_a_known_delay_is_found(rehearsed: Rehearse) -> None:
    plain = _fastest_ms(await rehearsed("three-tones", "echo"))
    delayed = _fastest_ms(await rehearsed("three-tones", "echo", f"delay={DELAY_MS}"))
    assert abs(plain - WAITS_MS) < 60, "the echo waits so long, then come its frame and the way there and back"
    assert abs(delayed - plain - DELAY_MS) < WITHIN_MS
