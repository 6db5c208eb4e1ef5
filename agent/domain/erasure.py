"""What stays of an event once transcripts, or all that tells who called, have been erased. Pure.

What is kept is listed, not what is removed: a field that is new and that nobody thought of here is erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FACTS: Final = frozenset(
    {
        "object", "id", "direction", "status", "ended_reason", "agent", "agent_version", "created_at", "answered_at",
        "ended_at", "duration_seconds", "latency", "cpu_seconds", "hangup_cause", "sip_code", "lookup",
        "recording", "outbound", "transfers", "transcript_deleted_at", "erased_at",
    }
)  # fmt: skip
"""Fields of a call that tell nothing of a person, nor of what was said."""
PERSONAL: Final = frozenset({"from", "to", "metadata", "variables"})
"""Fields of a call that may tell who called, but not what was said."""
SAID: Final = frozenset({"summary", "answered_by", "script"})
"""Fields of a call that tell what was said."""
NEUTRAL: Final = frozenset(
    {"rule", "calls", "capacity", "reason", "listener_id", "key_id", "do_not_call_id", "transfer"}
)
"""Fields of other events that tell nothing of either."""
ERASED: Final[Mapping[str, Any]] = {"from": None, "to": None, "metadata": {}, "variables": {}}
"""What stands in the place of PERSONAL."""


def without_transcript(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of an event of a call, without what was said in it."""
    return _kept(data, FACTS | PERSONAL)


def without_personal_data(data: Mapping[str, Any], *, erased_at: str) -> dict[str, Any]:
    """The data of an event of a call, without what was said and without who said it."""
    kept = _kept(data, FACTS)
    if "call" in kept:
        kept["call"] = {**kept["call"], **ERASED, "erased_at": erased_at}
    return kept


def _kept(data: Mapping[str, Any], fields: frozenset[str]) -> dict[str, Any]:
    call = data.get("call")
    kept = {name: value for name, value in data.items() if name in NEUTRAL}
    if isinstance(call, Mapping):
        kept["call"] = {name: value for name, value in call.items() if name in fields}
    if kept != data:
        kept["erased"] = True
    return kept
