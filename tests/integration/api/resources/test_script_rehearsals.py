"""Rehearsals by call over the API; the calls themselves are in tests/acceptance."""

from __future__ import annotations

from typing import Any

import pytest

from agent.api.script_examples import SCRIPT
from agent.scripts.call_rehearsals import CallRehearsals
from agent.store.api_keys import Scope
from tests.integration.api.resources.conftest import REHEARSES, Office


async def script_of(office: Office, **changed: Any) -> str:
    _, made = await office.send("POST", "/v1/scripts", {"script": {**SCRIPT, **changed}})
    return f"/v1/scripts/{made['id']}"


async def begun(office: Office, path: str, **asked: Any) -> tuple[int, dict[str, Any]]:
    return await office.send("POST", f"{path}/rehearse", {"by": "call", **asked})


async def test_a_draft_is_rehearsed_by_calls_in_the_background_and_their_recordings_are_there(office: Office) -> None:
    path = await script_of(office)

    status, running = await begun(office, path, callers=["opt_out", "cooperative"])
    assert (status, running["status"], running["coverage"], running["by"]) == (200, "running", None, "call")
    await office.house.rehearsals.over()
    below = f"{path}/rehearsals/{running['id']}"
    status, done = await office.send("GET", below)

    assert (status, done["status"], done["coverage"]["share"], done["version"]) == (200, "completed", 1.0, 1)
    assert [one["recording"] for one in done["conversations"]] == ["1-cooperative.wav", "2-opt_out.wav"]
    headers = {"Authorization": f"Bearer {office.secrets[Scope.READ]}"}
    async with office.client.get(f"{below}/recordings/2-opt_out.wav", headers=headers) as sound:
        assert (sound.status, sound.content_type, (await sound.read())[:4]) == (200, "audio/wav", b"RIFF")
    for other in ("order.json", "..%2F..%2Frecord.db", "3-hostile.wav"):
        assert (await office.send("GET", f"{below}/recordings/{other}"))[0] == 404


async def test_one_rehearsal_by_call_at_a_time(office: Office) -> None:
    path = await script_of(office, name="never ends")

    await begun(office, path)
    status, problem = await begun(office, path)

    assert (status, problem["code"]) == (409, "rehearsal_under_way")


async def test_live_calls_go_first(office: Office) -> None:
    path = await script_of(office)
    office.live["call_1"] = object()

    status, problem = await begun(office, path)

    assert (status, problem["code"]) == (409, "rehearsal_no_capacity")
    office.live.clear()


async def test_one_that_fails_says_why_and_makes_room_for_the_next(office: Office) -> None:
    path = await script_of(office, name="fails")

    _, running = await begun(office, path)
    await office.house.rehearsals.over()
    _, failed = await office.send("GET", f"{path}/rehearsals/{running['id']}")

    assert (failed["status"], failed["error"]) == ("failed", "The test voice is missing.")
    assert (await begun(office, path))[0] == 200


async def test_a_rehearsal_ends_with_its_server_and_is_told_as_failed_by_the_next_one(office: Office) -> None:
    path = await script_of(office, name="never ends")
    _, running = await begun(office, path)

    await office.house.rehearsals.close()

    after = CallRehearsals(office.house.recordings.rehearsals, live_calls=lambda: 0, command=REHEARSES)
    kept = await after.get(running["id"])
    assert kept is not None
    assert (kept.status, kept.error) == ("failed", "The server was stopped.")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"by": "pigeon"}, 422, "validation_failed"),
        ({"by": "writing", "callers": ["hostile"]}, 422, "validation_failed"),
        ({"callers": ["burglar"]}, 422, "validation_failed"),
        ({"version": 9}, 404, "not_found"),
    ],
)
async def test_what_cannot_be_rehearsed_is_refused(
    office: Office, asked: dict[str, Any], status: int, code: str
) -> None:
    answered, problem = await begun(office, await script_of(office), **asked)

    assert (answered, problem["code"]) == (status, code)


async def test_german_is_rehearsed_in_writing_alone(office: Office) -> None:
    path = await script_of(office, language="de")

    assert (await begun(office, path))[1]["code"] == "rehearsal_language"
    assert (await office.send("POST", f"{path}/rehearse", {}))[0] == 200


async def test_a_key_that_may_only_read_starts_no_calls(office: Office) -> None:
    path = await script_of(office)

    status, problem = await office.send("POST", f"{path}/rehearse", {"by": "call"}, scope=Scope.READ)

    assert (status, problem["code"]) == (403, "missing_scope")


async def test_there_is_no_other_rehearsal(office: Office) -> None:
    path = await script_of(office)

    for wrong in ("rhs_01JDQ3W8Z5K7M2N4P6R8T0V2X4", "..", "rhs_x"):
        assert (await office.send("GET", f"{path}/rehearsals/{wrong}"))[0] == 404
