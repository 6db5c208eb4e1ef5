from __future__ import annotations

from typing import Any

import pytest

from agent.domain.call_resource import CallResource
from agent.domain.erasure import FACTS, PERSONAL, SAID, without_personal_data, without_transcript

CALL: dict[str, Any] = {
    "object": "call",
    "id": "call_1",
    "status": "completed",
    "from": "+4930123",
    "to": "1000",
    "metadata": {"name": "Erika"},
    "variables": {"customer": 7},
    "duration_seconds": 3.5,
    "something_new": "what nobody thought of",
}
ERASED_AT = "2026-11-27T12:00:00Z"


def test_nothing_of_a_person_stays() -> None:
    left = without_personal_data({"call": CALL, "digits": "4711"}, erased_at=ERASED_AT)
    assert left == {
        "call": {
            "object": "call",
            "id": "call_1",
            "status": "completed",
            "duration_seconds": 3.5,
            "from": None,
            "to": None,
            "metadata": {},
            "variables": {},
            "erased_at": ERASED_AT,
        },
        "erased": True,
    }
    assert without_personal_data(left, erased_at=ERASED_AT) == left


def test_nothing_that_was_said_stays_but_who_said_it() -> None:
    left = without_transcript({"call": CALL, "turn": {"text": "I am ill."}})
    assert left["call"] == {name: value for name, value in CALL.items() if name != "something_new"}
    assert (left["erased"], "turn" in left) == (True, False)
    assert without_transcript(left) == left


@pytest.mark.parametrize("data", [{"rule": "busy", "calls": 4, "capacity": 4}, {}])
def test_what_tells_of_nobody_is_left_alone(data: dict[str, Any]) -> None:
    assert without_personal_data(data, erased_at=ERASED_AT) == data
    assert without_transcript(data) == data


def test_every_field_of_a_call_was_thought_of() -> None:
    public = {field.alias or name for name, field in CallResource.model_fields.items()}
    assert public == FACTS | PERSONAL | SAID
