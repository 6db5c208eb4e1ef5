"""`phone-agent models` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.commands.models import app
from agent.errors import ModelError
from agent.models import store
from agent.models.manifest import Manifest
from tests.integration.models.conftest import Shop


@pytest.fixture
def folder(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHONE_AGENT_MODELS__FOLDER", str(tmp_path / "models"))
    monkeypatch.setenv("PHONE_AGENT_STT__URI", "tcp://127.0.0.1:1")
    monkeypatch.setenv("PHONE_AGENT_TTS__URI", "tcp://127.0.0.1:1")
    monkeypatch.setenv("PHONE_AGENT_LLM__MODEL", "tiny")
    monkeypatch.setattr(store, "load_manifest", lambda: Manifest.model_validate(shop.raw))
    return tmp_path / "models"


def run(*arguments: str) -> tuple[int, str, BaseException | None]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.exception


def test_list_pull_verify(folder: Path) -> None:
    status, out, _ = run("list", "--json")
    [listed] = json.loads(out)["models"]
    assert (status, listed["state"], listed["needed"], listed["licence"]) == (0, "missing", True, "MIT")
    assert listed["sources"] == ["package part-one 1.0 and 1 more"]
    status, out, _ = run("pull")
    assert (status, out) == (0, f"tiny: {folder / 'tiny' / 'whole.bin'}\n")
    status, out, _ = run("verify", "tiny")
    assert (status, out) == (0, "tiny: good\n")
    status, out, _ = run("list")
    assert status == 0
    assert "ready" in out


def test_what_is_missing_or_unknown_is_an_error_with_a_sentence(folder: Path) -> None:
    _, _, error = run("verify")
    assert isinstance(error, ModelError)
    assert "phone-agent models pull tiny" in str(error)
    _, _, error = run("pull", "big")
    assert isinstance(error, ModelError)
    assert str(error) == "There is no model 'big'; there is tiny."
