"""Bad input in a real call; the scenarios in agent/samples/scenarios/bad-input are the rest of it."""

from __future__ import annotations

import pytest

from tests.acceptance.theatre import Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_caller_40_db_louder_then_softer_on_a_lossy_line_is_understood(theatre: Theatre) -> None:
    played = await theatre.play(
        [
            {"wait_for_agent": {}},
            {"say": {"text": "What are your opening hours on Saturday?", "gain_db": 20}},
            {"wait_for_agent": {"quiet_ms": 2500, "timeout_s": 40}},
            {"say": {"text": "Thank you, goodbye.", "gain_db": -20}},
            {"wait_for_end": {"timeout_s": 20}},
        ],
        {"turn": 1, "caller_heard_as": "what are your opening hours on saturday", "max_wer": 0.45},
        {"turn": 2, "agent_says_any": ["goodbye"]},
        {"call": {"status": "completed", "ended_reason": "agent_hangup", "max_invented": 0, "max_agent_turns": 3}},
        line={"loss_percent": 5, "seed": 7},
    )
    played.check()
