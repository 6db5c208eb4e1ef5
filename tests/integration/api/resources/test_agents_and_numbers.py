from __future__ import annotations

from agent.domain.agent import AgentRef
from tests.integration.api.resources.conftest import Office

NIGHT = {"name": "night", "greeting": "Good evening.", "instructions": "Be brief."}


async def test_an_agent_is_made_changed_by_versions_and_deleted(office: Office) -> None:
    status, made = await office.send("POST", "/v1/agents", NIGHT)
    assert (status, made["version"], made["source"]) == (201, 1, "api")
    assert [agent.name for agent in office.prepared] == ["night"]
    path = f"/v1/agents/{made['id']}"
    status, changed = await office.send("PATCH", path, {"greeting": "Hello."})
    assert (status, changed["version"], changed["greeting"], changed["instructions"]) == (200, 2, "Hello.", "Be brief.")
    _, same = await office.send("PATCH", path, {"greeting": "Hello."})
    assert same["version"] == 2
    _, versions = await office.send("GET", f"{path}/versions")
    assert [(one["version"], one["greeting"]) for one in versions["data"]] == [(2, "Hello."), (1, "Good evening.")]
    assert (await office.send("DELETE", path))[0] == 204
    assert (await office.send("GET", path))[0] == 404


async def test_a_number_leads_to_an_agent_from_the_next_call_on(office: Office) -> None:
    _, made = await office.send("POST", "/v1/agents", NIGHT)
    status, number = await office.send("POST", "/v1/phone_numbers", {"number": "+4930999", "agent_id": made["id"]})
    assert (status, number["agent"]) == (201, "night")
    assert office.house.registry.serving("+4930999") == AgentRef("night", 1)
    assert (await office.send("DELETE", f"/v1/agents/{made['id']}"))[1]["code"] == "agent_has_numbers"
    assert (await office.send("DELETE", f"/v1/phone_numbers/{number['id']}"))[0] == 204
    assert office.house.registry.serving("+4930999") is None


async def test_one_agent_or_number_is_found_by_its_name(office: Office) -> None:
    _, made = await office.send("POST", "/v1/agents", NIGHT)
    _, number = await office.send("POST", "/v1/phone_numbers", {"number": "+4930999", "agent_id": made["id"]})
    _, found = await office.send("GET", "/v1/agents?name=night")
    assert [one["id"] for one in found["data"]] == [made["id"]]
    _, found = await office.send("GET", "/v1/phone_numbers?number=%2B4930999")
    assert [one["id"] for one in found["data"]] == [number["id"]]
    for nobody in ("agents?name=nobody", "phone_numbers?number=%2B4930998"):
        _, found = await office.send("GET", f"/v1/{nobody}")
        assert (found["data"], found["has_more"]) == ([], False)


async def test_what_stands_in_files_is_changed_there(office: Office) -> None:
    _, listed = await office.send("GET", "/v1/agents")
    (desk,) = listed["data"]
    assert (await office.send("PATCH", f"/v1/agents/{desk['id']}", {"greeting": "Hi."}))[1]["code"] == "agent_from_file"
    _, numbers = await office.send("GET", "/v1/phone_numbers")
    assert (await office.send("DELETE", f"/v1/phone_numbers/{numbers['data'][0]['id']}"))[1][
        "code"
    ] == "number_from_file"


async def test_what_does_not_fit_is_named(office: Office) -> None:
    cases = [
        ({**NIGHT, "name": "desk"}, 409, "name_taken", None),
        ({**NIGHT, "name": "Not a name"}, 422, "validation_failed", "name"),
        ({**NIGHT, "colour": "red"}, 422, "validation_failed", "colour"),
        ({**NIGHT, "limits": {"silence_prompts": -1}}, 422, "validation_failed", "limits.silence_prompts"),
        ({**NIGHT, "facts": ["", 3]}, 422, "validation_failed", "facts[0]"),
    ]
    for body, status, code, field in cases:
        answered, problem = await office.send("POST", "/v1/agents", body)
        assert (answered, problem["code"]) == (status, code), body
        assert field is None or field in [error["field"] for error in problem["errors"]]
    _, problem = await office.send("POST", "/v1/phone_numbers", {"number": "1; DROP", "agent_id": "agt_x"})
    assert {error["field"] for error in problem["errors"]} == {"number", "agent_id"}
    unknown = {"number": "1", "agent_id": "agt_01JDQ3W8Z5K7M2N4P6R8T0V2X4"}
    assert (await office.send("POST", "/v1/phone_numbers", unknown))[1]["errors"][0]["code"] == "unknown_agent"
