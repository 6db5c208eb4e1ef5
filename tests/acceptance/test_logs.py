"""What a real call leaves in the log: nothing of what was said, of who called, and no secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.settings import StoreSettings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from tests.acceptance.theatre import GOODBYE, LISTEN, theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")
CALLER = 4_915_112_345_001
SAID = "The doctor expects your grandmother."


async def test_a_call_with_commands_and_keys(tmp_path: Path) -> None:
    settings = {"log": {"format": "json", "level": "info"}}
    async with theatre(tmp_path, settings, first_caller=CALLER) as opened:
        store = Store.of(StoreSettings(file=tmp_path / "record.db"))
        _, secret = await ApiKeys(store).create("tests", frozenset({Scope.ADMIN}), datetime.now(UTC))
        await store.close()
        root = f"http://127.0.0.1:{opened.http_port}"
        async with aiohttp.ClientSession(root, headers={"Authorization": f"Bearer {secret}"}) as api:
            scene = [
                LISTEN,
                {"say": "What are your opening hours on Saturday?"},
                LISTEN,
                {"dtmf": "98765432#"},
                *GOODBYE,
            ]
            played = await opened.play(scene)
            async with api.post(f"/v1/calls/{played.call['id']}/say", json={"text": SAID}) as answer:
                assert answer.status == 409, "the call is over"
                request_id = answer.headers["X-Request-Id"]
            await api.get("/v1/calls?caller=%2B" + str(CALLER))
        asterisk = opened.stage.asterisk.config
    written = (tmp_path / "agent.log").read_text()
    lines: list[dict[str, Any]] = [json.loads(line) for line in written.splitlines()]
    spoken = [turn["text"] for turn in played.turns]
    assert any("aturday" in text for text in spoken), "the caller was understood"
    for kept_out in (*spoken, "aturday", SAID, "grandmother", str(CALLER), "98765432"):
        assert kept_out not in written
    for hidden in (secret, asterisk.ari_password, asterisk.ami_password):
        assert hidden not in written
    call_id = played.call["id"]
    of_the_call = {line["event"] for line in lines if line.get("call_id") == call_id}
    assert {"call.changed", "media.ended", "api.request"} <= of_the_call
    (request,) = [line for line in lines if line.get("request_id") == request_id and line["event"] == "api.request"]
    assert (request["route"], request["call_id"]) == ("/v1/calls/{id}/say", call_id)
