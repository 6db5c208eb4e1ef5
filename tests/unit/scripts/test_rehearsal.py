"""A rehearsal comes to all ends of a script that callees of all kinds bring it to, and tells which it did not."""

from __future__ import annotations

from datetime import date

from agent.domain.script_rehearsal import Caller
from agent.resources import PACKAGE
from agent.scripts.by_hand import script_of_text
from agent.scripts.checker import check
from agent.scripts.rehearsal import rehearse

SAMPLE = (PACKAGE / "samples" / "scripts" / "appointment-reminder.yaml").read_text("utf-8")
SCRIPT = script_of_text(SAMPLE)
TODAY = date(2026, 11, 27)


async def test_the_shipped_script_is_covered_by_callees_of_all_kinds() -> None:
    assert check(SCRIPT) == []
    done, coverage = await rehearse(SCRIPT, today=TODAY)
    by_kind = {kind: [one for one in done if one.caller is kind] for kind in Caller}
    assert [one.exit for one in by_kind[Caller.COOPERATIVE]][:2] == ["kept", "moved"]
    moved = by_kind[Caller.COOPERATIVE][1]
    assert moved.slots == {"comes": False, "other_day": "2026-11-29", "part_of_day": "morning"}
    assert moved.success
    assert by_kind[Caller.HESITANT][0].exit == "kept"
    assert by_kind[Caller.OFF_TOPIC][0].exit == "kept"
    assert by_kind[Caller.OPT_OUT][0].outcome == "do_not_call"
    assert {one.caller for one in done if one.opted_out} == {Caller.OPT_OUT}
    assert by_kind[Caller.HOSTILE][0].outcome == "no_result"
    assert by_kind[Caller.VOICEMAIL][0].turns[0].text.startswith("Good day, Ann Miller.")
    assert (coverage.states, coverage.exits, coverage.slots, coverage.share) == ([], [], [], 1.0)
    assert moved.turns[0].text.startswith("Good day, Ann Miller. This is Lakeside Dental")
    assert "automated assistant" in moved.turns[0].text


async def test_what_nobody_comes_to_is_told() -> None:
    states = tuple(
        state.model_copy(update={"transitions": state.transitions[-1:]}) if state.name == "confirm" else state
        for state in SCRIPT.states
    )
    _, coverage = await rehearse(SCRIPT.model_copy(update={"states": states}), today=TODAY)
    assert (coverage.states, coverage.exits) == ([], ["kept"])
    assert 0.8 < coverage.share < 1
