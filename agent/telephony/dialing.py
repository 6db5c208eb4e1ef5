"""From a way that a call may take to what Asterisk is told, and from what the network said to what it means.

No other part builds a dial string.
"""

from __future__ import annotations

import re

from agent.domain.dialing import Dial, DialOutcome, DialResult

_ENDPOINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_NUMBER = re.compile(r"\+?[0-9]{1,15}")
_URI = re.compile(r"sips?:[A-Za-z0-9+*#._-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?")

_BY_CODE = {
    404: DialResult.INVALID_DESTINATION,
    410: DialResult.INVALID_DESTINATION,
    484: DialResult.INVALID_DESTINATION,
    604: DialResult.INVALID_DESTINATION,
    486: DialResult.BUSY,
    600: DialResult.BUSY,
    603: DialResult.REJECTED,
    607: DialResult.REJECTED,
    608: DialResult.REJECTED,
    408: DialResult.NO_ANSWER,
    480: DialResult.NO_ANSWER,
    487: DialResult.NO_ANSWER,
}
"""SIP codes of the final answer. Every other one is the trunk's: 3xx (we follow no redirection), 401, 403, 5xx, …"""

_BY_CAUSE = {
    1: DialResult.INVALID_DESTINATION,
    22: DialResult.INVALID_DESTINATION,
    28: DialResult.INVALID_DESTINATION,
    17: DialResult.BUSY,
    18: DialResult.NO_ANSWER,
    19: DialResult.NO_ANSWER,
    20: DialResult.NO_ANSWER,
    21: DialResult.REJECTED,
}
"""Q.850, for the case that there is no SIP code."""


def dial_string(dial: Dial) -> str:
    """The endpoint that Asterisk dials. Raises ValueError for what our checks should have refused."""
    _must_match(_ENDPOINT, dial.endpoint, "endpoint")
    if dial.telephone:
        return f"PJSIP/{dial.endpoint}"
    _must_match(_NUMBER, dial.number, "number")
    return f"PJSIP/{dial.number}@{dial.endpoint}"


def refer_target(uri: str) -> str:
    """Where Asterisk has a caller's telephone call, from an address of the configuration. Raises ValueError."""
    _must_match(_URI, uri, "address")
    return f"PJSIP/{uri}"


def dial_variables(dial: Dial) -> dict[str, str]:
    """Variables of the channel that is dialled: who is shown as the caller. Raises ValueError as above."""
    if not dial.caller_id:
        return {}
    _must_match(_NUMBER, dial.caller_id, "caller id")
    return {"CONNECTEDLINE(num)": dial.caller_id, "CONNECTEDLINE(num-pres)": "allowed"}


def outcome_of(sip_code: int | None, hangup_cause: int | None) -> DialOutcome:
    """What a channel's end before the answer means."""
    if sip_code is not None:
        result = _BY_CODE.get(sip_code, DialResult.TRUNK_FAILED)
    else:
        result = _BY_CAUSE.get(hangup_cause or 0, DialResult.TRUNK_FAILED)
    return DialOutcome(result, sip_code=sip_code, hangup_cause=hangup_cause)


def _must_match(pattern: re.Pattern[str], value: str, what: str) -> None:
    if not pattern.fullmatch(value):
        raise ValueError(f"This is no {what} that may be dialled.")
