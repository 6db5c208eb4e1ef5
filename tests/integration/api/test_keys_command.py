"""`phone-agent keys` as it is typed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.commands import keys
from agent.errors import ConfigurationError
from agent.store.api_keys import ApiKey, ApiKeys, Scope
from agent.store.engine import Store


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a file that is not there yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHONE_AGENT_STORE__FILE", str(tmp_path / "keys.db"))
    return f"sqlite:///{tmp_path / 'keys.db'}"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(keys.app, list(arguments))
    if isinstance(result.exception, Exception):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def found(url: str, secret: str) -> ApiKey | None:
    async def find() -> ApiKey | None:
        store = Store(url)
        key = await ApiKeys(store).find(secret)
        await store.close()
        return key

    return asyncio.run(find())


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(url: str) -> None:
    secret = run("create", "rails", "--scope", "read", "--scope", "calls").strip()
    assert secret.startswith("pa_")
    key = found(url, secret)
    assert key is not None
    assert (key.name, key.scopes) == ("rails", frozenset({Scope.READ, Scope.CALLS}))
    listed = run("list", "--json")
    assert secret not in listed
    [row] = json.loads(listed)
    assert (row["id"], row["hint"], row["revoked_at"]) == (key.id, secret[:10], None)
    assert key.id[:12] in run("list")
    assert "revoked" in run("revoke", key.id)
    assert found(url, secret) is None
    assert json.loads(run("list", "--json"))[0]["revoked_at"]


def test_a_key_for_machines(url: str) -> None:
    made = json.loads(run("create", "ci", "--scope", "admin", "--json"))
    assert made["scopes"] == ["admin"]
    assert found(url, made["secret"]) is not None


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "bell\x07", "\u202e"])
def test_a_name_that_would_spoil_a_terminal_is_refused(url: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match="printable"):
        run("create", name, "--scope", "read")


def test_an_unknown_key_cannot_be_revoked(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no key with this id"):
        run("revoke", "key_x")
