from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from agent.store.api_keys import Scope
from tests.integration.api.resources.conftest import Office


async def test_an_endpoint_is_added_tried_rotated_and_removed(office: Office) -> None:
    office.house.webhooks.start()
    got: list[tuple[str, dict[str, str]]] = []

    async def take(request: web.Request) -> web.Response:
        got.append((await request.text(), dict(request.headers)))
        return web.Response()

    app = web.Application()
    app.router.add_post("/events", take)
    async with TestServer(app) as receiver:
        status, made = await office.send("POST", "/v1/webhook_endpoints", {"url": str(receiver.make_url("/events"))})
        assert status == 201
        path = f"/v1/webhook_endpoints/{made['id']}"
        _, shown = await office.send("GET", path)
        assert "secret" not in shown
        assert (await office.send("POST", f"{path}/test"))[1]["deliveries"] == 1
        delivered = await _delivered(office, path)
        _, rotated = await office.send("POST", f"{path}/rotate_secret")
        assert rotated["secret"] != made["secret"]
        assert (await office.send("POST", f"/v1/webhook_deliveries/{delivered['id']}/retry"))[0] == 202
        while len(got) < 2:
            await _delivered(office, path)
        assert (await office.send("DELETE", path))[0] == 204
    body, headers = got[0]
    assert Webhook(made["secret"]).verify(body, headers)["type"] == "ping"
    for secret in (made["secret"], rotated["secret"]):
        assert Webhook(secret).verify(*got[1])["data"] == {"webhook_endpoint_id": made["id"]}
    assert got[0][1]["webhook-id"] == got[1][1]["webhook-id"] == delivered["event_id"]


async def _delivered(office: Office, path: str) -> dict[str, Any]:
    while True:
        _, listed = await office.send("GET", f"{path}/deliveries?status=delivered")
        if listed["data"]:
            found: dict[str, Any] = listed["data"][0]
            return found


async def test_targets_that_are_not_allowed_are_refused_with_a_sentence(office: Office) -> None:
    for url in ("ftp://example.com", "http://169.254.169.254/latest", "http://10.0.0.1/x", "http://user:pw@127.0.0.1/"):
        status, problem = await office.send("POST", "/v1/webhook_endpoints", {"url": url})
        assert (status, problem["errors"][0]["field"]) == (422, "url")
        assert problem["errors"][0]["code"].startswith("webhook_")


async def test_only_admins_see_endpoints(office: Office) -> None:
    assert (await office.send("GET", "/v1/webhook_endpoints", scope=Scope.CALLS))[0] == 403


async def test_it_can_be_switched_off_and_on(office: Office) -> None:
    _, made = await office.send("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/x"})
    path = f"/v1/webhook_endpoints/{made['id']}"
    _, off = await office.send("PATCH", path, {"enabled": False, "events": ["call.ended"]})
    assert (off["enabled"], off["disabled_reason"], off["events"]) == (False, "requested", ["call.ended"])
    _, on = await office.send("PATCH", path, {"enabled": True})
    assert (on["enabled"], on["disabled_reason"]) == (True, None)
    span = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    assert await office.send("POST", f"{path}/replay", span) == (202, {"object": "replay", "deliveries": 0})
