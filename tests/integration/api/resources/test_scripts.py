"""Scripts over the API: written, checked, changed, approved, and called by."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from agent.api.script_examples import BY_GOAL, SCRIPT
from tests.integration.api.resources.conftest import Office

TO: dict[str, Any] = {"to": "+493012345678", "agent": "desk", "variables": {"patient": "Ann"}}


def _bad() -> dict[str, Any]:
    script: dict[str, Any] = copy.deepcopy(SCRIPT)
    script["states"][0]["transitions"][0]["to"] = "nowhere"
    return script


async def test_a_script_is_written_checked_approved_and_called_by(office: Office) -> None:
    status, made = await office.send("POST", "/v1/scripts", {"yaml": yaml.safe_dump(_bad())})
    assert (status, made["status"], made["version"], made["approved_version"]) == (201, "draft", 1, None)
    path = f"/v1/scripts/{made['id']}"
    status, checked = await office.send("POST", f"{path}/check")
    assert (status, checked["passed"], checked["version"]) == (200, False, 1)
    assert checked["findings"][0]["path"] == "/states/0/transitions/0/to"
    status, refused = await office.send("POST", f"{path}/approve")
    assert (status, refused["code"]) == (409, "script_check_failed")
    assert refused["errors"][0]["code"] == "unknown_target"
    status, problem = await office.send("POST", "/v1/calls", {**TO, "script_id": made["id"]})
    assert (status, problem["errors"][0]["code"]) == (422, "script_not_approved")
    status, changed = await office.send("PUT", path, {"script": SCRIPT})
    assert (status, changed["version"]) == (200, 2)
    status, rehearsed = await office.send("POST", f"{path}/rehearse", {"version": 2})
    assert (status, rehearsed["coverage"]["states"], rehearsed["version"]) == (200, [], 2)
    assert {one["caller"] for one in rehearsed["conversations"]} >= {"cooperative", "opt_out", "voicemail"}
    status, approved = await office.send("POST", f"{path}/approve")
    assert (status, approved["approved_version"], approved["approved_at"] is not None) == (200, 2, True)
    status, problem = await office.send("POST", "/v1/calls", {**TO, "variables": {}, "script_id": made["id"]})
    assert (status, problem["errors"][0]["code"]) == (422, "missing_variables")
    status, call = await office.send("POST", "/v1/calls", {**TO, "script_id": made["id"]})
    assert (status, call["status"]) == (201, "queued")
    _, listed = await office.send("GET", f"{path}/versions")
    assert [(one["version"], one["approved_at"] is None) for one in listed["data"]] == [(2, False), (1, True)]
    assert (await office.send("DELETE", path))[0] == 204
    assert (await office.send("GET", path))[0] == 404
    status, problem = await office.send("POST", "/v1/calls", {**TO, "script_id": made["id"]})
    assert (status, problem["errors"][0]["code"]) == (422, "unknown_script")


async def test_a_goal_is_kept_for_the_model(office: Office) -> None:
    status, made = await office.send("POST", "/v1/scripts", BY_GOAL)
    assert (status, made["status"], made["version"], made["script"]) == (201, "writing", 0, None)
    assert made["brief"]["goal"] == BY_GOAL["goal"]
    path = f"/v1/scripts/{made['id']}"
    for method, below, body in (
        ("POST", "/check", None),
        ("POST", "/approve", None),
        ("POST", "/rehearse", None),
        ("PUT", "", {"script": SCRIPT}),
    ):
        status, problem = await office.send(method, path + below, body)
        assert (status, problem["code"]) == (409, "script_not_written")
    _, listed = await office.send("GET", "/v1/scripts")
    assert [one["id"] for one in listed["data"]] == [made["id"]]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "one of them"),
        ({"script": SCRIPT, "goal": "Ask them."}, "one of them"),
        ({"script": SCRIPT, "audience": "all"}, "belongs to goal"),
        ({"yaml": "a: ["}, "no YAML"),
        ({"yaml": "a: &x [1]\nb: *x"}, "aliases"),
        ({"yaml": "- 1"}, "The script"),
        ({"yaml": "name: x"}, "purpose"),
        ({"goal": "x"}, "3"),
        ({"goal": "Ask them.", "language": "english"}, "pattern"),
        ({"script": {**SCRIPT, "colour": "red"}}, "colour"),
    ],
)
async def test_what_is_no_script_is_refused(office: Office, body: dict[str, Any], told: str) -> None:
    status, problem = await office.send("POST", "/v1/scripts", body)
    assert status == 422
    assert told in str(problem["errors"])
