from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.dialing import Dial, DialOutcome, DialResult
from agent.telephony.dialing import dial_string, dial_variables, outcome_of

DIAL = Dial(trunk="berlin", endpoint="trunk-1", number="+493012345")


@pytest.mark.parametrize("number", ["+493012345", "493012345", "112", "1"])
def test_a_number_and_an_endpoint_make_a_dial_string(number: str) -> None:
    assert dial_string(replace(DIAL, number=number)) == f"PJSIP/{number}@trunk-1"


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "+4930 12345",
        "+49301234512345678",
        "+4930&PJSIP/1@other",
        "500&SIP/x",
        "1@evil.example",
        "${EXTEN}",
        "1\r\nX: y",
        "12345\n",
        "٣٤٥",
        "1/2",
        "sip:1@x",
        "+1;tag=1",
    ],
)
def test_nothing_but_a_number_is_dialled(number: str) -> None:
    with pytest.raises(ValueError, match="number"):
        dial_string(replace(DIAL, number=number))
    if number:
        with pytest.raises(ValueError, match="caller id"):
            dial_variables(replace(DIAL, caller_id=number))


@pytest.mark.parametrize("endpoint", ["", "a b", "x@y", "-x", "trunk/sip:1@evil.example", "a" * 65, "trunk\n"])
def test_nothing_but_a_name_is_an_endpoint(endpoint: str) -> None:
    with pytest.raises(ValueError, match="endpoint"):
        dial_string(replace(DIAL, endpoint=endpoint))


def test_who_is_shown_as_the_caller() -> None:
    assert dial_variables(DIAL) == {}
    assert dial_variables(replace(DIAL, caller_id="+4930999"))["CONNECTEDLINE(num)"] == "+4930999"


@pytest.mark.parametrize(
    ("sip_code", "cause", "result"),
    [
        (486, 17, DialResult.BUSY),
        (600, 17, DialResult.BUSY),
        (603, 21, DialResult.REJECTED),
        (607, 21, DialResult.REJECTED),
        (404, 1, DialResult.INVALID_DESTINATION),
        (410, 22, DialResult.INVALID_DESTINATION),
        (484, 28, DialResult.INVALID_DESTINATION),
        (604, 1, DialResult.INVALID_DESTINATION),
        (480, 19, DialResult.NO_ANSWER),
        (408, 18, DialResult.NO_ANSWER),
        (487, 127, DialResult.NO_ANSWER),
        (302, 23, DialResult.TRUNK_FAILED),
        (401, 21, DialResult.TRUNK_FAILED),
        (403, 21, DialResult.TRUNK_FAILED),
        (488, 58, DialResult.TRUNK_FAILED),
        (500, 38, DialResult.TRUNK_FAILED),
        (503, 34, DialResult.TRUNK_FAILED),
        (None, 17, DialResult.BUSY),
        (None, 21, DialResult.REJECTED),
        (None, 38, DialResult.TRUNK_FAILED),
        (None, None, DialResult.TRUNK_FAILED),
        (0, 17, DialResult.TRUNK_FAILED),
    ],
)
def test_what_the_network_says_and_what_it_means(sip_code: int | None, cause: int | None, result: DialResult) -> None:
    assert outcome_of(sip_code, cause) == DialOutcome(result, sip_code, cause)
