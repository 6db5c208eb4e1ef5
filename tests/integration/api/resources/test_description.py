from __future__ import annotations

import re

from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.integration.api.resources.conftest import Office


async def test_the_description_is_valid_and_complete(office: Office) -> None:
    _, document = await office.send("GET", "/openapi.json")
    OpenAPIV31SpecValidator(document).validate()
    served = {
        (route.method.lower(), route.resource.canonical)
        for route in office.client.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert served - described == {("get", "/openapi.json"), ("get", "/docs")}


async def test_it_says_whether_it_is_ready(office: Office) -> None:
    assert await office.send("GET", "/readyz") == (
        200,
        {"ready": True, "checks": {"asterisk": True, "store": True}, "trunks": {"first": False}, "problems": []},
    )
    _, system = await office.send("GET", "/v1/system")
    assert (system["ready"], system["calls"]) == (True, 0)
    assert system["trunks"] == [
        {
            "name": "first",
            "endpoint": "first",
            "usable": False,
            "known": True,
            "registration": "none",
            "reach": "unreachable",
            "roundtrip_ms": None,
        }
    ]


async def test_every_schema_has_a_plain_name_and_an_example_that_fits_it(office: Office) -> None:
    _, document = await office.send("GET", "/openapi.json")
    schemas = document["components"]["schemas"]
    assert {"Agent", "Call", "CallList", "Event", "PhoneNumber", "Problem", "Turn", "WebhookEndpoint"} <= set(schemas)
    assert [name for name in schemas if not name.isalpha() or name.endswith("Resource")] == []
    for name, schema in schemas.items():
        assert schema.get("examples"), f"{name} has no example: give its route a request_example or response_example"
        whole = {**schema, "components": document["components"]}
        for example in schema["examples"]:
            OAS31Validator(whole, format_checker=oas31_format_checker).validate(example)


async def test_every_operation_has_a_stable_id_a_scope_and_its_problems(office: Office) -> None:
    _, document = await office.send("GET", "/openapi.json")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[a-z]+(_[a-z]+)+", one) for one in ids)
    for operation in operations:
        statuses = set(operation["responses"])
        assert {"404", "422", "500", "503"} <= statuses
        assert not operation["security"] or {"401", "403", "429"} <= statuses
        assert "requestBody" not in operation or {"400", "413", "415"} <= statuses
        for media in (one for answer in operation["responses"].values() for one in answer.get("content", {}).values()):
            assert not media or "example" in media or "examples" in media, operation["operationId"]
