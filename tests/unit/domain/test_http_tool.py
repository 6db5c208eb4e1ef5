from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from yarl import URL

from agent.domain.http_tool import HttpRequest
from agent.domain.tools import Tool
from agent.errors import PhoneAgentError

ORDERS = HttpRequest(url="https://shop.example/v1/orders/{number}/state?lang={language}")


def test_arguments_fill_their_places() -> None:
    assert ORDERS.address({"number": "47 11/é", "language": "en"}) == (
        "https://shop.example/v1/orders/47%2011%2F%C3%A9/state?lang=en"
    )
    assert HttpRequest(url="https://a.example/x").address({"q": "a&b=c", "n": 2, "yes": True}) == (
        "https://a.example/x?q=a%26b%3Dc&n=2&yes=true"
    )
    posted = HttpRequest(url="https://a.example/{x}", method="POST")
    assert posted.address({"x": "1", "y": "2"}) == "https://a.example/1"
    assert posted.rest({"x": "1", "y": "2"}) == {"y": "2"}


@given(st.text(min_size=1, max_size=60))
def test_no_argument_leaves_its_place(value: str) -> None:
    try:
        url = URL(ORDERS.address({"number": value, "language": "en"}))
    except PhoneAgentError:
        return  # what no address can hold has tests of its own
    assert (url.scheme, url.host, url.query.get("lang"), url.fragment) == ("https", "shop.example", "en", "")
    assert url.raw_path.startswith("/v1/orders/")
    assert url.raw_path.endswith("/state")
    assert url.raw_path.count("/") == 4


@pytest.mark.parametrize("value", ["", " ", ".", "..", "a\nb", "x" * 501, None, "\ud800"])
def test_what_no_address_can_hold_is_refused(value: Any) -> None:
    with pytest.raises(PhoneAgentError, match="number") as refused:
        ORDERS.address({"number": value, "language": "en"})
    assert refused.value.code == "tool_bad_arguments"


@pytest.mark.parametrize(
    "url",
    [
        "https://{host}/x", "{scheme}://a.example/", "https://a.example:{port}/", "https://user@a.example/",
        "ftp://a.example/",
        "https://a.example/{a b}", "https://a.example/{", "https://a.example/x#{y}", "https://a{b}.example/",
        "/orders/{x}",
        "https://a.example{x}/", "https://a.example/\\x",
    ],
)  # fmt: skip
def test_places_are_behind_the_host_alone(url: str) -> None:
    with pytest.raises(ValidationError, match=r"place|address"):
        HttpRequest(url=url)


@pytest.mark.parametrize(
    "headers", [{"Host": "b.example"}, {"X Y": "z"}, {"X-Y": "a\r\nb: c"}, {"Content-Length": "0"}, {"": "x"}]
)
def test_headers_that_a_request_cannot_have_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="header"):
        HttpRequest(url="https://a.example/", headers=headers)


@pytest.mark.parametrize(
    "parameters",
    [
        {"type": "object", "properties": {"number": {"type": "string"}}},
        {"type": "object", "properties": {"number": {"type": "object"}}, "required": ["number"]},
        {"type": "object", "properties": {}, "required": ["number"]},
    ],
)
def test_a_place_needs_a_required_parameter_of_a_simple_type(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"the place \{number\}"):
        Tool(name="x", description="x", parameters=parameters, http=HttpRequest(url="https://a.example/{number}"))
