"""What the server tells of itself."""

from __future__ import annotations

from agent.store.api_keys import Scope
from tests.integration.api.resources.conftest import Office
from tests.integration.api.resources.test_calls import changed, ringing


async def test_limits_are_those_that_are_in_force(office: Office) -> None:
    office.house.places.take("call_1")
    status, limits = await office.send("GET", "/v1/limits", scope=Scope.READ)
    assert status == 200
    assert limits["calls"] == {
        "max": 4, "learned": True, "in_use": 1, "waiting": 0, "rule": "busy", "max_waiting": 0
    }  # fmt: skip
    assert limits["requests"] == {"max": 600, "window_seconds": 60}
    assert limits["retention"]["recordings_days"] == 30
    assert limits["sizes"]["body_bytes"] == 1_000_000
    assert (await office.send("GET", f"/v1/calls?limit={limits['sizes']['page_items']}"))[0] == 200
    assert (await office.send("GET", f"/v1/calls?limit={limits['sizes']['page_items'] + 1}"))[0] == 422


async def test_models_are_listed_with_what_is_known_of_them(office: Office) -> None:
    status, listed = await office.send("GET", "/v1/models", scope=Scope.READ)
    assert status == 200
    by_name = {model["name"]: model for model in listed["data"]}
    ears = by_name["whisper-base"]
    assert (ears["kind"], ears["licence"], ears["state"], ears["in_use"]) == ("stt", "MIT", "loaded", True)
    assert ears["size_bytes"] > 100_000_000
    assert by_name["qwen2.5-coder-0.5b-instruct"]["state"] == "loaded"
    assert by_name["smollm2-135m"]["state"] in {"downloaded", "available"}
    _, thinks = await office.send("GET", "/v1/models?kind=llm&state=loaded")
    assert [model["name"] for model in thinks["data"]] == ["qwen2.5-coder-0.5b-instruct"]


async def test_voices_have_the_names_that_agents_take(office: Office) -> None:
    _, listed = await office.send("GET", "/v1/voices", scope=Scope.READ)
    assert [(voice["name"], voice["default"], voice["state"]) for voice in listed["data"]] == [
        ("en_US-joe-medium", True, "loaded")
    ]


async def test_the_system_tells_what_waits(office: Office) -> None:
    await office.send("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/x"})
    await office.happens(changed(ringing()))
    office.house.recorder(changed(ringing()))
    office.clock.pass_(seconds=90)
    status, system = await office.send("GET", "/v1/system", scope=Scope.READ)
    assert status == 200
    assert 90 <= system["uptime_seconds"] < 600
    assert system["restarts"] == {"ears": 0, "mind": 1, "mouth": 0}
    assert system["capacity"] == {"max": 4, "in_use": 0, "waiting": 0}
    assert system["record"] == {"waiting": 1, "lost": 0}
    assert system["deliveries"]["pending"] == 2
    assert system["deliveries"]["oldest_at"].startswith("20")
