from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.commands.bench import app
from agent.errors import ConfigurationError


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--rows", "loudness"], "loudness"),
        (["--control", "sabotage"], "sabotage"),
        (["--calls", "3"], "--calls"),
        (["--profile", "slow"], "--profile"),
        (["--picture", "picture.gif"], "--picture"),
    ],
)
def test_what_cannot_be_measured_is_said_before_anything_starts(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    result = CliRunner().invoke(app, ["conversation", *arguments])
    assert isinstance(result.exception, ConfigurationError)
    assert says in str(result.exception)
    assert not list(tmp_path.iterdir())
