"""Keys, limits, lists, headers and descriptions, over HTTP."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import structlog
from openapi_spec_validator import OpenAPIV31SpecValidator

from agent.errors import StoreError
from agent.store.api_keys import Scope
from tests.integration.api.conftest import Service
from tests.integration.api.test_problems import problem


async def test_a_revoked_key_is_refused_at_once(service: Service) -> None:
    assert (await service.send("GET", "/v1/notes", scope=Scope.READ)).status == 200
    assert await service.keys.revoke(service.made[Scope.READ].id, service.clock.now())
    await problem(await service.send("GET", "/v1/notes", scope=Scope.READ), 401, "unauthenticated")
    assert not await service.keys.revoke("key_x", service.clock.now())


async def test_no_secret_is_in_the_store(service: Service) -> None:
    secret = service.secrets[Scope.READ]
    async with service.store.read() as connection:
        dump = str((await connection.exec_driver_sql("SELECT * FROM api_keys")).all())
    assert secret not in dump
    assert secret[:10] in dump


async def test_the_use_of_a_key_is_noted_once_a_minute(service: Service) -> None:
    written = []
    note, noted = service.keys.used, asyncio.Event()

    async def used(key_id: str, at: object) -> None:
        await note(key_id, service.clock.now())
        written.append(key_id)
        noted.set()

    service.keys.used = used  # type: ignore[method-assign]  # to be told of it
    for _ in range(5):
        await service.send("GET", "/v1/notes", scope=Scope.READ)
    await noted.wait()
    first = service.clock.now()
    noted.clear()
    service.clock.pass_(seconds=60)
    await service.send("GET", "/v1/notes", scope=Scope.READ)
    await noted.wait()
    assert len(written) == 2
    found = await service.keys.find(service.secrets[Scope.READ])
    assert found is not None
    assert found.last_used_at == first + timedelta(minutes=1)


async def test_an_answer_does_not_fail_with_the_note_of_its_key(service: Service) -> None:
    tried = asyncio.Event()

    async def used(_key_id: str, _at: object) -> None:
        tried.set()
        raise StoreError("disk full")

    service.keys.used = used  # type: ignore[method-assign, assignment]  # to break it
    assert (await service.send("GET", "/v1/notes")).status == 200
    await tried.wait()


async def test_a_key_has_its_requests_and_others_have_theirs(service: Service) -> None:
    for left in range(199, -1, -1):
        answer = await service.send("GET", "/v1/notes/x", scope=Scope.READ)
        assert answer.headers["RateLimit"].startswith(f'"default";r={left};t=')
    answer = await service.send("GET", "/v1/notes", scope=Scope.READ)
    await problem(answer, 429, "rate_limited")
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["RateLimit"] == '"default";r=0;t=1'
    assert answer.headers["RateLimit-Policy"] == '"default";q=200;w=20'
    assert (await service.send("GET", "/v1/notes")).status == 200
    service.clock.pass_(seconds=1)
    assert (await service.send("GET", "/v1/notes", scope=Scope.READ)).status == 200


async def test_pages_hold_every_item_once_also_while_others_are_added(service: Service) -> None:
    made = [(await (await service.create({"name": str(number)})).json())["id"] for number in range(25)]
    for order, limit in (("desc", 7), ("asc", 7), ("asc", 25), ("desc", 100)):
        seen: list[str] = []
        query = f"order={order}&limit={limit}"
        path = f"/v1/notes?{query}"
        while path:
            page = await (await service.send("GET", path)).json()
            assert set(page) == {"object", "data", "has_more", "next_cursor"}
            assert page["has_more"] == (page["next_cursor"] is not None)
            seen += [note["id"] for note in page["data"]]
            path = f"/v1/notes?{query}&cursor={page['next_cursor']}" if page["has_more"] else ""
            if order == "desc":
                await service.create({"name": "while reading"})
        ours = [one for one in seen if one in made]
        assert sorted(ours) == sorted(made)
        assert len(seen) == len(set(seen))


async def test_a_list_is_filtered(service: Service) -> None:
    note = await (await service.create({"name": "x"})).json()
    await service.create({"name": "y"})
    await service.send("POST", f"/v1/notes/{note['id']}/send")
    page = await (await service.send("GET", "/v1/notes?status=sent&tag=a&tag=b")).json()
    assert [one["id"] for one in page["data"]] == [note["id"]]


async def test_the_clients_request_id_is_taken_if_it_is_a_plain_token(service: Service) -> None:
    answer = await service.send("GET", "/v1/notes", headers={"X-Request-Id": "rails-7f.3_A"})
    assert answer.headers["X-Request-Id"] == "rails-7f.3_A"
    for given in ("", "two words", "<b>", "x" * 65, "-x"):
        answer = await service.send("GET", "/v1/notes", headers={"X-Request-Id": given})
        assert answer.headers["X-Request-Id"].startswith("req_")


async def test_every_answer_is_sealed_off_from_browsers(service: Service) -> None:
    note = await (await service.create({"name": "x"})).json()
    for path in ("/healthz", "/openapi.json", "/docs", "/v1/notes", "/v1/nothing", f"/v1/notes/{note['id']}/text"):
        answer = await service.send("GET", path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Server"] == "phone-agent"
        assert "X-Request-Id" in answer.headers


async def test_a_request_is_one_line_of_log_without_what_may_be_personal(service: Service) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = await service.send("GET", "/v1/notes/+4915112345?tag=+4915112345")
        await service.send("GET", "/+4915112345")
        await service.client.get("/healthz")
    assert "4915112345" not in repr(lines)
    line, unknown, health = [line for line in lines if line["event"] == "api.request"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/notes/{id}", 422)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["key_id"] == service.made[Scope.ADMIN].id
    assert (unknown["route"], unknown["status"], "key_id" in unknown) == (None, 404, False)
    assert (line["log_level"], health["log_level"]) == ("info", "debug")


async def test_head_is_get_without_a_body(service: Service) -> None:
    answer = await service.send("HEAD", "/v1/notes")
    assert (answer.status, await answer.read()) == (200, b"")


async def test_what_is_deleted_is_gone_and_answered_with_204(service: Service) -> None:
    note = await (await service.create({"name": "x"})).json()
    answer = await service.send("DELETE", f"/v1/notes/{note['id']}")
    assert (answer.status, await answer.read()) == (204, b"")
    assert (await service.send("GET", f"/v1/notes/{note['id']}")).status == 404


async def test_health_and_descriptions_need_no_key(service: Service) -> None:
    assert await (await service.client.get("/healthz")).json() == {"status": "ok"}
    document = await (await service.client.get("/openapi.json")).json()
    OpenAPIV31SpecValidator(document).validate()
    answer = await service.client.get("/docs")
    page = await answer.text()
    assert answer.content_type == "text/html"
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert all(path in page for path in document["paths"])
    assert json.dumps(document)
