from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import func, select

from agent.api import idempotency
from agent.errors import StoreError
from agent.store.api_keys import Scope
from agent.store.idempotency_keys import Claim, Earlier, KeptAnswer, Ours
from agent.store.schema import idempotency_keys
from tests.integration.api.conftest import Service
from tests.integration.api.test_problems import JSON, problem

NOTE = {"name": "once", "metadata": {"a": 1, "b": 2}}


async def rows(service: Service) -> int:
    async with service.store.read() as connection:
        return (await connection.execute(select(func.count()).select_from(idempotency_keys))).scalar_one()


async def test_the_same_request_gets_the_first_answer_again(service: Service) -> None:
    first = await service.create(NOTE, key="k")
    again = await service.create(NOTE, key="k")
    assert await service.notes.count() == 1
    assert (first.status, again.status) == (201, 201)
    assert await first.read() == await again.read()
    assert first.headers["Location"] == again.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]


async def test_spaces_and_order_do_not_make_another_request(service: Service) -> None:
    await service.create(NOTE, key="k")
    body = json.dumps({"metadata": {"b": 2, "a": 1}, "name": "once"}, indent=4).encode()
    answer = await service.send("POST", "/v1/notes", data=body, headers=JSON | {"Idempotency-Key": "k"})
    assert answer.headers["Idempotency-Replayed"] == "true"


async def test_another_request_with_the_key_is_refused(service: Service) -> None:
    note = await (await service.create(NOTE, key="k")).json()
    await problem(await service.create({"name": "other"}, key="k"), 422, "idempotency_key_reused")
    headers = {"Idempotency-Key": "k"}
    answer = await service.send("POST", f"/v1/notes/{note['id']}/send", headers=headers)
    await problem(answer, 422, "idempotency_key_reused")
    assert await service.notes.count() == 1


async def test_clients_have_keys_of_their_own(service: Service) -> None:
    await service.create(NOTE, key="k")
    answer = await service.send(
        "POST", "/v1/notes", scope=Scope.CALLS, json={"name": "mine"}, headers={"Idempotency-Key": "k"}
    )
    assert answer.status == 201


async def test_while_the_first_runs_others_are_told_to_wait(service: Service) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await go_on.wait()

    service.notes.on_create = slow
    first = asyncio.create_task(service.create(NOTE, key="k"))
    await begun.wait()
    for _ in range(3):
        answer = await service.create(NOTE, key="k")
        await problem(answer, 409, "idempotency_key_in_use")
        assert answer.headers["Retry-After"] == "2"
    go_on.set()
    assert (await first).status == 201
    assert (await service.create(NOTE, key="k")).headers["Idempotency-Replayed"] == "true"


async def test_of_many_at_once_one_is_done(service: Service) -> None:
    answers = await asyncio.gather(*(service.create(NOTE, key="k") for _ in range(20)))
    assert await service.notes.count() == 1
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({await answer.read() for answer in answers if answer.status == 201}) == 1


async def test_a_refusal_is_an_answer_too(service: Service) -> None:
    headers = {"Idempotency-Key": "k"}
    note = await (await service.create(NOTE)).json()
    path = f"/v1/notes/{note['id']}/send"
    await service.send("POST", path)
    first = await service.send("POST", path, headers=headers)
    again = await service.send("POST", path, headers=headers)
    assert (first.status, again.status) == (409, 409)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content_type == "application/problem+json"
    assert await first.read() == await again.read()


@pytest.mark.parametrize("fault", [RuntimeError("x"), StoreError("x")])
async def test_a_failure_is_not_kept(service: Service, fault: Exception) -> None:
    faults = [fault]

    async def once_broken() -> None:
        if faults:
            raise faults.pop()

    service.notes.on_create = once_broken
    assert (await service.create(NOTE, key="k")).status >= 500
    answer = await service.create(NOTE, key="k")
    assert answer.status == 201
    assert "Idempotency-Replayed" not in answer.headers


async def test_an_invalid_request_takes_no_key(service: Service) -> None:
    assert (await service.create({"nmae": "x"}, key="k")).status == 422
    assert (await service.create(NOTE, key="k")).status == 201


async def test_a_request_that_never_ends_is_ended(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "RUN_LIMIT_S", 0.0)

    async def endless() -> None:
        await asyncio.Event().wait()

    service.notes.on_create = endless
    answer = await service.create(NOTE, key="k")
    await problem(answer, 503, "timed_out")
    assert await rows(service) == 0


async def test_a_request_whose_process_died_is_done_after_a_minute(service: Service) -> None:
    """Its row stands unfinished, as after `kill -9` before anything was made."""
    await service.create(NOTE, key="k")
    async with service.store.write() as connection:
        await connection.execute(idempotency_keys.update().values(status=None, headers=None, body=None, made=None))
    service.clock.pass_(seconds=59)
    await problem(await service.create(NOTE, key="k"), 409, "idempotency_key_in_use")
    service.clock.pass_(seconds=1)
    await problem(await service.create({"name": "other"}, key="k"), 422, "idempotency_key_reused")
    assert (await service.create(NOTE, key="k")).status == 201
    assert (await service.create(NOTE, key="k")).headers["Idempotency-Replayed"] == "true"


async def test_what_a_dead_process_had_made_is_not_made_again(service: Service) -> None:
    """Its row stands unfinished, as after `kill -9` between commit and answer."""
    first = await (await service.create(NOTE, key="k")).json()
    async with service.store.write() as connection:
        await connection.execute(idempotency_keys.update().values(status=None, headers=None, body=None))
    service.clock.pass_(minutes=1)
    again = await service.create(NOTE, key="k")
    assert (again.status, await again.json()) == (201, first)
    assert await service.notes.count() == 1


async def test_what_failed_after_it_was_made_is_not_made_again(service: Service) -> None:
    faults = [StoreError("x")]

    async def once_broken() -> None:
        if faults:
            raise faults.pop()

    service.notes.on_created = once_broken
    assert (await service.create(NOTE, key="k")).status >= 500
    assert (await service.create(NOTE, key="k")).status == 201
    assert (await service.create(NOTE, key="k")).headers["Idempotency-Replayed"] == "true"
    assert await service.notes.count() == 1


async def test_one_that_was_given_up_cannot_overwrite_the_answer_of_another(service: Service) -> None:
    keys, now = service.idempotency_keys, service.clock.now
    dead = Claim("key_1", "k", "hash", now())
    assert await keys.claim(dead) == Ours()
    service.clock.pass_(minutes=2)
    heir = Claim("key_1", "k", "hash", now())
    assert await keys.claim(heir) == Ours()
    await keys.finish(dead, KeptAnswer(500, {}, "late"))
    await keys.release(dead)
    await keys.finish(heir, KeptAnswer(201, {}, "right"))
    earlier = await keys.claim(Claim("key_1", "k", "hash", now()))
    assert isinstance(earlier, Earlier)
    assert earlier.answer == KeptAnswer(201, {}, "right")


async def test_of_many_heirs_one_takes_over(service: Service) -> None:
    keys = service.idempotency_keys
    await keys.claim(Claim("key_1", "k", "hash", service.clock.now()))
    service.clock.pass_(minutes=2)
    claims = [Claim("key_1", "k", "hash", service.clock.now()) for _ in range(10)]
    outcomes = await asyncio.gather(*(keys.claim(claim) for claim in claims))
    assert outcomes.count(Ours()) == 1


async def test_after_a_day_the_key_is_free_and_its_row_gone(service: Service) -> None:
    await service.create(NOTE, key="k")
    await service.create(NOTE, key="other")
    service.clock.pass_(hours=24)
    answer = await service.create({"name": "new"}, key="k")
    assert answer.status == 201
    assert await rows(service) == 1
    service.clock.pass_(hours=24)
    assert await service.idempotency_keys.remove_outdated(service.clock.now()) == 1


@pytest.mark.parametrize("key", ["", "two words", "ü", "x" * 256])
async def test_a_key_that_is_none_is_refused(service: Service, key: str) -> None:
    headers = {"Idempotency-Key": key}
    body = await problem(await service.send("POST", "/v1/notes", json=NOTE, headers=headers), 422, "validation_failed")
    assert (body["errors"][0]["field"], body["errors"][0]["in"]) == ("Idempotency-Key", "header")
