"""What bad requests get."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import structlog
from aiohttp import ClientResponse

from agent.api.problem_types import MAX_BODY_BYTES
from agent.errors import StoreError
from agent.store.api_keys import Scope
from tests.integration.api.conftest import Service

JSON = {"Content-Type": "application/json"}


async def problem(answer: ClientResponse, status: int, code: str) -> dict[str, Any]:
    """The body, which is a whole problem."""
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = await answer.json(content_type=None)
    assert (answer.status, body["status"], body["code"]) == (status, status, code)
    assert set(body) == {"type", "title", "status", "detail", "code", "errors", "request_id"}
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert body["type"] == f"/docs#problem-{code}"
    return body


async def test_no_key_and_a_wrong_key_are_refused_with_a_challenge(service: Service) -> None:
    for header in ({}, {"Authorization": "Bearer pa_x"}, {"Authorization": f"Bearer pa_{'x' * 43}"}):
        answer = await service.client.get("/v1/notes", headers=header)
        await problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_a_missing_scope_is_named(service: Service) -> None:
    answer = await service.send("POST", "/v1/notes", scope=Scope.READ, json={"name": "x"})
    body = await problem(answer, 403, "missing_scope")
    assert "scope calls" in body["detail"]
    assert (await service.send("DELETE", "/v1/notes/x", scope=Scope.CALLS)).status == 403
    assert (await service.send("GET", "/v1/notes", scope=Scope.CALLS)).status == 200


@pytest.mark.parametrize("path", ["/", "/v1/nothing", "/v1/notes/", "/v1/notes/x", "/v1/notes/%00", "/v1/notes/%FF"])
async def test_what_does_not_exist_is_not_found(service: Service, path: str) -> None:
    await problem(await service.send("GET", path), 404, "not_found")


async def test_a_wrong_method_names_the_right_ones(service: Service) -> None:
    answer = await service.send("PUT", "/v1/notes", json={})
    await problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": "x",}',
        b"nul",
        b'{"name": "\xff"}',
        '{"name": "x"}'.encode("utf-16"),
        b'{"name": NaN}',
        b'{"name": "x", "metadata": {"x": 1e999}}',
        b'{"name": "x", "metadata": {"x": ' + b"9" * 5000 + b"}}",
        b'{"name": "a raw\x00NUL"}',
    ],
)
async def test_what_is_no_json_gets_400(service: Service, body: bytes) -> None:
    body_ = await problem(await service.send("POST", "/v1/notes", data=body, headers=JSON), 400, "invalid_json")
    assert body_["detail"].endswith(".")


async def test_a_body_of_another_type_gets_415(service: Service) -> None:
    answer = await service.send("POST", "/v1/notes", data={"name": "x"})
    await problem(answer, 415, "unsupported_media_type")


async def test_a_body_beyond_one_megabyte_gets_413_also_when_packed_or_in_chunks(service: Service) -> None:
    large = json.dumps({"name": "x" * MAX_BODY_BYTES}).encode()

    async def chunks() -> Any:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    for data, more in ((large, {}), (chunks(), {}), (gzip.compress(large), {"Content-Encoding": "gzip"})):
        answer = await service.send("POST", "/v1/notes", data=data, headers=JSON | more)
        await problem(answer, 413, "body_too_large")
    assert await service.notes.count() == 0


async def test_a_body_that_cannot_be_unpacked_gets_400(service: Service) -> None:
    whole = gzip.compress(b'{"name": "x"}')
    for packed, coding in ((b"no gzip", "gzip"), (whole[:-12], "gzip"), (whole, "deflate"), (whole, "x-unknown")):
        answer = await service.send("POST", "/v1/notes", data=packed, headers=JSON | {"Content-Encoding": coding})
        assert answer.status == 400, coding


@pytest.mark.parametrize(
    ("document", "field", "code"),
    [
        ({}, "name", "required"),
        ({"name": 5}, "name", "string_type"),
        ({"name": None}, "name", "string_type"),
        ({"name": "x", "nmae": "y"}, "nmae", "unknown_field"),
        ({"name": "x", "items": [{"text": "a"}, {"text": "b", "amount": "2"}]}, "items[1].amount", "int_type"),
        ({"name": "x", "items": [{"text": "a", "amount": 0}]}, "items[0].amount", "greater_than_equal"),
        ({"name": "x", "items": [{"text": "a", "price": 0}]}, "items[0].price", "unknown_field"),
        ({"name": "x", "items": {}}, "items", "list_type"),
        ({"name": "x", "metadata": []}, "metadata", "dict_type"),
        ([], "", "model_type"),
        ("x", "", "model_type"),
        (None, "", "model_type"),
    ],
)
async def test_what_does_not_fit_gets_422_with_its_path(
    service: Service, document: object, field: str, code: str
) -> None:
    answer = await service.send("POST", "/v1/notes", data=json.dumps(document).encode(), headers=JSON)
    [error] = (await problem(answer, 422, "validation_failed"))["errors"]
    assert (error["field"], error["code"], error["in"]) == (field, code, "body")
    assert error["message"].endswith((".", "?"))


async def test_a_near_miss_is_told(service: Service) -> None:
    body = await problem(await service.create({"name": "x", "metdata": {}}), 422, "validation_failed")
    assert "metadata?" in body["errors"][0]["message"]


async def test_of_many_errors_some_are_listed_and_the_rest_counted(service: Service) -> None:
    document = {"name": "x"} | {f"field{number}": "x" for number in range(50)}
    body = await problem(await service.create(document), 422, "validation_failed")
    assert len(body["errors"]) == 20
    assert "30 more" in body["detail"]


async def test_a_body_for_what_takes_none_is_refused(service: Service) -> None:
    note = await (await service.create({"name": "x"})).json()
    path = f"/v1/notes/{note['id']}/send"
    body = await problem(await service.send("POST", path, json={"now": True}), 422, "validation_failed")
    assert body["errors"][0]["field"] == "now"
    assert (await service.send("POST", path)).status == 200


async def test_a_wrong_state_gets_409(service: Service) -> None:
    note = await (await service.create({"name": "x"})).json()
    path = f"/v1/notes/{note['id']}/send"
    assert (await service.send("POST", path, json={})).status == 200
    await problem(await service.send("POST", path, json={}), 409, "note_already_sent")


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "greater_than_equal"),
        ("limit=101", "limit", "less_than_equal"),
        ("limit=many", "limit", "int_parsing"),
        ("limit=1&limit=2", "limit", "repeated"),
        ("status=gone", "status", "literal_error"),
        ("order=random", "order", "literal_error"),
        ("page=2", "page", "unknown_field"),
        ("cursor=", "cursor", "invalid_cursor"),
        ("cursor=garbage", "cursor", "invalid_cursor"),
        ("tag=%00", "tag", "invalid_text"),
    ],
)
async def test_a_wrong_query_gets_422(service: Service, query: str, field: str, code: str) -> None:
    body = await problem(await service.send("GET", f"/v1/notes?{query}"), 422, "validation_failed")
    [error] = body["errors"]
    assert (error["field"], error["code"], error["in"]) == (field, code, "query")


async def test_a_fault_of_ours_is_logged_and_tells_the_client_nothing(service: Service) -> None:
    async def broken() -> None:
        raise RuntimeError("secret of +4915112345")

    service.notes.on_create = broken
    with structlog.testing.capture_logs() as lines:
        answer = await service.create({"name": "x"})
    body = await problem(answer, 500, "internal_error")
    assert "+4915112345" not in json.dumps(body)
    [fault] = [line for line in lines if line["event"] == "api.failed"]
    assert fault["error"] == "RuntimeError"
    assert any("broken" in frame for frame in fault["where"])
    assert "+4915112345" not in repr([line for line in lines if line["log_level"] != "debug"])


async def test_a_database_that_fails_gets_503_and_when_to_come_back(service: Service) -> None:
    async def gone() -> None:
        raise StoreError("The database failed: disk full in /secret.")

    service.notes.on_create = gone
    answer = await service.create({"name": "x"})
    body = await problem(answer, 503, "store_error")
    assert answer.headers["Retry-After"] == "5"
    assert "/secret" not in body["detail"]
