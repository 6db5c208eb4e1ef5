from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from pydantic import Field
from typing_extensions import override

from agent.api.app import healthz
from agent.api.docs_page import CONTENT_SECURITY_POLICY, docs_page
from agent.api.models import QueryModel, RequestModel, ResponseModel
from agent.api.openapi import openapi
from agent.api.problems import ProblemType
from agent.api.route import ApiRequest, Route
from agent.store.api_keys import Scope

EVIL = "<script>alert('x')</script>\"&"


class EvilRequest(RequestModel):
    text: str = Field(default=EVIL, description=EVIL, alias=EVIL)


class EvilQuery(QueryModel):
    text: str = Field(default=EVIL, description=EVIL, alias=EVIL)


class Nested(ResponseModel):
    names: list[str]
    amounts: dict[str, int] | None


class EvilAnswer(ResponseModel):
    text: str = Field(description=EVIL)
    nested: Nested


async def answer(_request: ApiRequest[Any, Any]) -> EvilAnswer:
    return EvilAnswer(text=EVIL, nested=Nested(names=[], amounts=None))


EVIL_ROUTE = Route(
    method="POST",
    path="/evil/{id}",
    name="evil",
    tag=EVIL,
    summary=EVIL,
    description=EVIL,
    handler=answer,
    scope=Scope.READ,
    request=EvilRequest,
    query=EvilQuery,
    response=EvilAnswer,
    request_example={EVIL: EVIL},
    response_example={"text": EVIL, "nested": {"names": [EVIL], "amounts": None}},
    problems=(ProblemType("evil", 409, EVIL, EVIL),),
    path_parameters={"id": EVIL},
)


class Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")


def test_everything_is_escaped() -> None:
    text = docs_page(openapi([EVIL_ROUTE]))
    page = Page(text)
    assert "script" not in page.tags
    assert page.attributes <= {"lang", "charset", "name", "content", "id", "href", "class"}
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 10


def test_every_link_leads_to_a_place_on_this_server() -> None:
    page = Page(docs_page(openapi([EVIL_ROUTE, healthz()])))
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link == "/openapi.json" or link.removeprefix("#") in page.ids, link


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = docs_page(openapi([healthz()]))
    assert not re.search(r"https?:|url\(|@import|//", text)
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; style-src 'sha256-")
