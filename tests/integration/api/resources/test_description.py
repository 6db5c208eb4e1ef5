from __future__ import annotations

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
        {"ready": True, "checks": {"asterisk": True, "store": True}, "problems": []},
    )
    _, system = await office.send("GET", "/v1/system")
    assert (system["ready"], system["calls"]) == (True, 0)
