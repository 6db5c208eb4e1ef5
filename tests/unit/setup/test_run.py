"""`phone-agent run`: passwords that stay, and what people are told."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from agent.asterisk.config import AsteriskConfig
from agent.commands.run import invitation, kept_passwords, line_for


def test_passwords_are_made_once_and_are_nobody_elses_to_read(tmp_path: Path) -> None:
    first = kept_passwords(tmp_path / "secrets")
    assert len(set(first.values())) == len(first) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()} == {0o600}
    assert kept_passwords(tmp_path / "secrets") == first


def test_the_invitation_has_all_that_a_softphone_asks_for() -> None:
    config = AsteriskConfig(sip_port=5062, phone_password="very-secret-1")
    text = invitation(config, {"1000": "receptionist"}, ["192.0.2.7"])
    for wanted in ("192.0.2.7:5062", "phone", "very-secret-1", "dial 1000", "receptionist"):
        assert wanted in text


CALL = {"caller": "phone", "callee": "1000", "status": "completed", "ended_reason": "caller_hangup"}
TURN = {"speaker": "agent", "text": "We open at nine", "interrupted": True}


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"type": "call.changed", "call": CALL}, "-- call from phone to 1000: completed (caller_hangup)"),
        ({"type": "turn.ended", "turn": TURN}, "   agent: We open at nine ..."),
        ({"type": "call.trouble", "message": "The ears are gone."}, "-- trouble: The ears are gone."),
        ({"type": "dtmf.received", "digit": "1"}, None),
    ],
)
def test_people_read_calls_and_words(event: dict[str, Any], line: str | None) -> None:
    assert line_for(event) == line
