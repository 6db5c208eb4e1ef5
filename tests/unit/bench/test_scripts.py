"""What `bench scripts` makes of its trials, and its goals."""

from __future__ import annotations

import pytest

from agent.bench.scripts.bench import Trial, judge
from agent.bench.scripts.goals import goals
from agent.domain.script_finding import Finding, FindingCode
from agent.errors import ConfigurationError
from agent.ops.report import Report
from agent.scripts.draft import Draft, Opening, Part, Question
from agent.scripts.drafted import script_of
from agent.scripts.writer import Written

NAME, BRIEF = next(iter(goals().items()))
SCRIPT = script_of(Draft(Opening(caller="us", about="it"), (Question(about="coming", ask="Do you come?"),)), BRIEF)
WRONG = Finding(code=FindingCode.INVENTED, path="/opening", message="Nobody told that.")


def test_what_passed_is_counted_and_what_did_not_is_told() -> None:
    trials = [
        Trial("a", Written(SCRIPT, (), 1), 10),
        Trial("b", Written(SCRIPT, (), 3, (Part.OBJECTIONS,)), 40),
        Trial("c", Written(SCRIPT, (WRONG,), 3), 30),
        Trial("d", Written(None, (WRONG,), 3, (Part.OPENING,)), 20),
    ]
    report = Report("bench scripts", {})
    judge(report, trials)
    assert {one.name: (one.value, one.met) for one in report.measures} == {
        "scripts.accepted": (50, False),
        "scripts.accepted_first": (25, None),
        "scripts.accepted_whole": (25, None),
        "scripts.seconds_p50": (30, None),
        "scripts.seconds_max": (40, None),
    }
    assert [failure.what for failure in report.failures] == ["c", "d"]
    assert [row["script"] is None for row in report.details["scripts"]] == [False, False, False, True]


def test_goals_are_chosen_by_name() -> None:
    assert len(goals()) == 10
    assert list(goals(["german", "survey"])) == ["survey", "german"]
    with pytest.raises(ConfigurationError, match="no goal 'nothing'"):
        goals(["nothing"])
