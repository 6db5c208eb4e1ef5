"""A declaration that contradicts itself is found when it is made."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from agent.api.app import healthz
from agent.api.models import QueryModel, RequestModel, ResponseModel
from agent.api.openapi import openapi
from agent.api.problem_types import WRONG_STATE
from agent.api.route import Route
from agent.store.api_keys import Scope


class Name(RequestModel):
    name: str


class Loose(BaseModel):
    name: str


class Outer(RequestModel):
    inner: Loose


class LooseQuery(QueryModel, extra="ignore"):
    name: str = ""


class Answer(ResponseModel):
    name: str


async def answer(_request: Any) -> Answer:
    return Answer(name="x")


def route(**changes: Any) -> Route[Any, Any]:
    declared: dict[str, Any] = {
        "method": "POST",
        "path": "/things/{id}",
        "name": "act",
        "tag": "Things",
        "summary": "Act",
        "handler": answer,
        "scope": Scope.CALLS,
        "request": Name,
        "response": Answer,
    }
    return Route(**(declared | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "GET"}, "GET takes no body"),
        ({"media": {"text/plain": "Text."}}, "response or media"),
        ({"path_parameters": {"name": "x"}}, "has no name"),
        ({"request": Loose}, "unknown fields"),
        ({"request": Outer}, "Loose lets unknown fields in"),
        ({"query": LooseQuery}, "unknown fields"),
        ({"request_example": {"name": 5}}, "does not fit Name"),
        ({"response_example": {}}, "does not fit Answer"),
        ({"response": None, "response_example": {"name": "x"}}, "no model"),
    ],
)
def test_a_contradiction_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        route(**changes)


def test_the_frame_declares_what_it_answers_itself() -> None:
    codes = {problem.code for problem in route(problems=(WRONG_STATE,)).all_problems}
    assert codes >= {"wrong_state", "invalid_json", "idempotency_key_reused", "missing_scope", "rate_limited"}
    bare = {problem.code for problem in healthz().all_problems}
    assert not bare & {"invalid_json", "idempotency_key_reused", "unauthenticated", "rate_limited"}


def test_the_document_says_what_the_declaration_says() -> None:
    document = openapi([route(problems=(WRONG_STATE,), request_example={"name": "x"}), healthz()])
    operation = document["paths"]["/v1/things/{id}"]["post"]
    assert operation["operationId"] == "act"
    assert operation["security"] == [{"bearer": ["calls"]}]
    assert operation["requestBody"]["required"]
    assert operation["requestBody"]["content"]["application/json"]["example"] == {"name": "x"}
    assert {"wrong_state", "idempotency_key_in_use"} == set(
        operation["responses"]["409"]["content"]["application/problem+json"]["examples"]
    )
    assert document["components"]["schemas"]["Name"]["additionalProperties"] is False
    assert document["paths"]["/healthz"]["get"]["security"] == []
