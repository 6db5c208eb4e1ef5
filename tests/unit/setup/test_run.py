"""`phone-agent run`: passwords that stay, an agent that finds this Asterisk, and what people are told."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from agent import configuration
from agent.asterisk.config import AsteriskConfig
from agent.commands.run import Secrets, child_environment, invitation, line_for


def test_passwords_are_made_once_and_are_nobody_elses_to_read(tmp_path: Path) -> None:
    secrets = Secrets.ensure(tmp_path / "secrets")
    first = secrets.read("phone-password")
    assert len(first) >= 32
    assert stat.S_IMODE(secrets.path("phone-password").stat().st_mode) == 0o600
    assert Secrets.ensure(tmp_path / "secrets").read("phone-password") == first
    assert secrets.read("ari-password") != first


def test_the_agent_finds_this_asterisk_whatever_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("another one's")
    file = tmp_path / "phone-agent.toml"
    file.write_text('[asterisk]\nari_url = "http://127.0.0.1:1"\nari_password_file = "other"\nami_password = "wrong"\n')
    secrets = Secrets.ensure(tmp_path / "secrets")
    environment = child_environment(AsteriskConfig(ami_port=5039), "http://127.0.0.1:8089", secrets, {"PATH": "/bin"})
    settings = configuration.load(file, environment)
    assert settings.asterisk.ari_url == "http://127.0.0.1:8089"
    assert settings.asterisk.ari_password.get_secret_value() == secrets.read("ari-password")
    assert settings.asterisk.ami_port == 5039
    assert settings.asterisk.ami_password.get_secret_value() == secrets.read("ami-password")
    assert environment["PATH"] == "/bin"


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
