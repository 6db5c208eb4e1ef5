"""What the doctor finds: one check, one finding, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from agent.errors import PhoneAgentError

_VERBS = "change|check|choose|correct|did you mean|end|give|install|make|reduce|run|see|set|start|stop|use"
_ADVICE = re.compile(rf"(.*?)[;:] ((?:{_VERBS})\b.*)")
"""Errors of ours are one sentence that ends in what to do."""


class Status(StrEnum):
    """How bad it is."""

    GOOD = "good"
    WARNING = "warning"
    """Calls work, but not as they should, or not for long."""
    BROKEN = "broken"
    """Calls do not work."""
    SKIPPED = "skipped"
    """It could not be looked at since something else is broken, or was not asked for."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `name` and `code` are stable; the sentences may change."""

    name: str
    """What was looked at, such as `ari`."""
    code: str
    """What was found, such as `ari_unauthorized`; `ok` where all is well, `skipped` where nobody looked."""
    status: Status
    message: str
    """One sentence for people, without secrets."""
    remedy: str = ""
    """What to do; empty where there is nothing to do."""


def good(name: str, message: str) -> Check:
    """All is well."""
    return Check(name, "ok", Status.GOOD, message)


def warning(name: str, code: str, message: str, remedy: str) -> Check:
    """It works, and should be better."""
    return Check(name, code, Status.WARNING, message, remedy)


def broken(name: str, code: str, message: str, remedy: str) -> Check:
    """It does not work."""
    return Check(name, code, Status.BROKEN, message, remedy)


def failed(name: str, error: PhoneAgentError, otherwise: str) -> Check:
    """It does not work, as the error tells; `otherwise` is the remedy where its sentence has none."""
    match = _ADVICE.fullmatch(str(error))
    message, remedy = (match[1], match[2]) if match else (str(error), otherwise)
    return broken(name, error.code, message, remedy)


def skipped(name: str, reason: str) -> Check:
    """Nobody looked."""
    return Check(name, "skipped", Status.SKIPPED, f"skipped since {reason}")


def exit_status(checks: list[Check]) -> int:
    """0 good, 1 warnings, 2 broken."""
    found = {check.status for check in checks}
    if Status.BROKEN in found:
        return 2
    return 1 if Status.WARNING in found else 0
