"""The findings as text for people and as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.text import Text

from agent.doctor.check import Check, Status, exit_status

MARKS = {Status.GOOD: "✓", Status.WARNING: "!", Status.BROKEN: "✗", Status.SKIPPED: "–"}
_STYLES = {Status.GOOD: "green", Status.WARNING: "yellow", Status.BROKEN: "bold red", Status.SKIPPED: "dim"}
_SUMMARY = ("good", "warnings", "broken")
_WIDTH = 16


def line(check: Check) -> Text:
    """One check: mark, name, finding; what to do on a line of its own."""
    text = Text.assemble((MARKS[check.status], _STYLES[check.status]), f" {check.name:<{_WIDTH}} ", check.message)
    if check.remedy:
        text.append(f"\n  {'':<{_WIDTH}} → {check.remedy}")
    return text


def summary(checks: Sequence[Check]) -> str:
    """The last line."""
    count = {status: sum(check.status is status for check in checks) for status in Status}
    match exit_status(list(checks)):
        case 0:
            return "All is well: calls work." if _made_a_call(checks) else "All that was looked at is well."
        case 1:
            return f"Calls work, with {_plural(count[Status.WARNING], 'warning')}."
        case _:
            return f"Calls do not work: {_plural(count[Status.BROKEN], 'thing')} to mend."


def document(checks: Sequence[Check]) -> str:
    """JSON: `command`, `status` (good, warnings, broken) and `checks`, each with the fields of Check."""
    status = _SUMMARY[exit_status(list(checks))]
    content = {"command": "doctor", "status": status, "checks": [asdict(check) for check in checks]}
    return json.dumps(content, indent=2, ensure_ascii=False)


def _made_a_call(checks: Sequence[Check]) -> bool:
    return any(check.name == "tone_call" and check.status is Status.GOOD for check in checks)


def _plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
