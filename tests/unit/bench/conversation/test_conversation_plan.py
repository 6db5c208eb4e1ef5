from __future__ import annotations

from pathlib import Path

import pytest

from agent.bench.conversation.plan import Plan, parse_calls, profile
from agent.bench.conversation.rows import all_rows, chosen
from agent.errors import ConfigurationError
from agent.ops.targets import targets

PLAN = Plan(turns=60, calls=(1,), seed=7, folder=Path("unused"))


def test_calls_are_some_of_those_that_have_measures() -> None:
    assert parse_calls("1,2,4,8") == (1, 2, 4, 8)
    assert parse_calls("4") == (4,)


@pytest.mark.parametrize("text", ["", "3", "16", "1,1", "1;2", "-1"])
def test_other_calls_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--calls"):
        parse_calls(text)


def test_every_number_of_calls_has_its_targets() -> None:
    for calls in parse_calls("1,2,4,8"):
        assert f"conversation.voice_to_voice_p50_{calls}" in targets()
        assert f"conversation.voice_to_voice_p95_{calls}" in targets()


def test_profiles_differ_in_their_ears_alone() -> None:
    base, fast = profile("base"), profile("fast")
    assert (base.stt, fast.stt) == ("whisper-base", "whisper-tiny.en")
    assert (base.llm, base.tts) == (fast.llm, fast.tts)
    with pytest.raises(ConfigurationError, match="base, strong, fast"):
        profile("slow")


def test_the_same_seed_draws_the_same_for_the_same_purpose_alone() -> None:
    assert PLAN.random("latency", 1).random() == PLAN.random("latency", 1).random()
    assert PLAN.random("latency", 1).random() != PLAN.random("latency", 2).random()


def test_every_row_can_be_shown_to_fail() -> None:
    for row in all_rows().values():
        assert row.controls, row.name


def test_all_rows_are_run_unless_some_are_named() -> None:
    rows = all_rows()
    assert chosen(rows, (), None) == list(rows.values())
    assert [row.name for row in chosen(rows, ("cpu", "latency"), None)] == ["latency", "cpu"]


def test_under_a_control_only_the_rows_run_that_have_it() -> None:
    rows = all_rows()
    assert [row.name for row in chosen(rows, (), "burner")] == ["cpu"]
    assert {"latency", "greeting"} <= {row.name for row in chosen(rows, (), "delay")}
    assert [row.name for row in chosen(rows, ("greeting",), "delay")] == ["greeting"]


@pytest.mark.parametrize(
    ("names", "control", "says"),
    [(("lateness",), None, "--rows lateness"), ((), "sabotage", "burner"), (("memory",), "burner", "ballast")],
)
def test_what_there_is_not_is_refused(names: tuple[str, ...], control: str | None, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        chosen(all_rows(), names, control)
