from __future__ import annotations

import pytest

from agent.store.api_keys import Scope
from tests.integration.api.resources.conftest import Office


async def test_it_is_begun_shown_and_taken_back_as_often_as_one_likes(office: Office) -> None:
    assert (await office.send("DELETE", "/v1/system/drain"))[0] == 204, "where there is none"
    status, first = await office.send("POST", "/v1/system/drain", {})
    assert status == 200
    assert (first["object"], first["calls"], first["stopping"]) == ("drain", 0, False)
    assert (await office.send("POST", "/v1/system/drain", {}))[1] == first
    assert (await office.send("GET", "/v1/system"))[1]["drain"] == first
    longer = (await office.send("POST", "/v1/system/drain", {"timeout_s": 7200}))[1]
    assert longer["since"] == first["since"]
    assert longer["deadline"] > first["deadline"]
    assert (await office.send("DELETE", "/v1/system/drain"))[0] == 204
    assert (await office.send("GET", "/v1/system"))[1]["drain"] is None


async def test_when_the_server_is_about_to_end_it_cannot_be_taken_back(office: Office) -> None:
    await office.house.drain.finish(0)
    status, problem = await office.send("DELETE", "/v1/system/drain")
    assert (status, problem["code"]) == (409, "wrong_state")
    status, drain = await office.send("POST", "/v1/system/drain", {"timeout_s": 10})
    assert (status, drain["stopping"]) == (200, True)


@pytest.mark.parametrize("scope", [Scope.READ, Scope.CALLS])
async def test_only_administrators_may(office: Office, scope: Scope) -> None:
    assert (await office.send("POST", "/v1/system/drain", {}, scope=scope))[0] == 403
    assert (await office.send("DELETE", "/v1/system/drain", scope=scope))[0] == 403


@pytest.mark.parametrize("timeout_s", [-1, 86_401, "60"])
async def test_a_time_that_makes_no_sense_is_refused(office: Office, timeout_s: object) -> None:
    status, problem = await office.send("POST", "/v1/system/drain", {"timeout_s": timeout_s})
    assert status == 422
    assert "timeout_s" in str(problem["errors"])
