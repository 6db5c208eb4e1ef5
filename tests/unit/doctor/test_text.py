from __future__ import annotations

import json

from agent.doctor.check import broken, good, skipped, warning
from agent.doctor.text import document, line, summary

CHECKS = [
    good("ari", "Asterisk answers"),
    warning("files", "few_files", "few", "raise it"),
    broken("ami", "ami_unauthorized", "refused", "make both equal"),
    skipped("trunks", "ami is broken"),
]


def test_each_check_has_its_mark_and_its_remedy() -> None:
    lines = [line(check).plain for check in CHECKS]
    assert [text[0] for text in lines] == ["✓", "!", "✗", "–"]
    assert "→ raise it" in lines[1]
    assert "→ make both equal" in lines[2]
    assert "→" not in lines[0] + lines[3]
    assert "skipped since ami is broken" in lines[3]


def test_the_summary_tells_the_worst() -> None:
    assert summary(CHECKS) == "Calls do not work: 1 thing to mend."
    assert summary(CHECKS[:2]) == "Calls work, with 1 warning."
    assert summary(CHECKS[:1]) == "All that was looked at is well."
    assert summary([*CHECKS[:1], good("tone_call", "made")]) == "All is well: calls work."


def test_machines_get_the_same_as_json() -> None:
    read = json.loads(document(CHECKS))
    assert (read["command"], read["status"]) == ("doctor", "broken")
    assert [check["code"] for check in read["checks"]] == ["ok", "few_files", "ami_unauthorized", "skipped"]
    assert read["checks"][2] == {
        "name": "ami",
        "code": "ami_unauthorized",
        "status": "broken",
        "message": "refused",
        "remedy": "make both equal",
    }
    assert json.loads(document(CHECKS[:1]))["status"] == "good"
    assert json.loads(document(CHECKS[:2]))["status"] == "warnings"
