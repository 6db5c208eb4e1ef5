from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from agent.ops.conditions import conditions
from agent.ops.percentiles import percentile, summarise
from agent.ops.report import Failure, Report, figure, measured
from agent.ops.targets import Target, targets


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.sampled_from([0, 50, 95, 99, 100]))
def test_percentile_agrees_with_numpy(values: list[float], percent: int) -> None:
    assert percentile(sorted(values), percent) == pytest.approx(float(np.percentile(values, percent)))


def test_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


def test_a_summary_counts_and_takes_any_order() -> None:
    summary = summarise([30, 10, 20])
    assert (summary.count, summary.p50, summary.max) == (3, 20, 30)
    assert summarise([]).p50 is None


def test_every_target_is_explained_and_belongs_to_an_issue() -> None:
    assert targets()["media.late_frames"].must == 0.1
    for target in targets().values():
        assert target.says.endswith(".")
        assert target.issue > 0
        assert target.better in {"lower", "higher"}
        assert set(target.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_."), target.name


@pytest.mark.parametrize(
    ("better", "value", "bound", "expected"),
    [
        ("lower", 1.0, 1.0, True),
        ("lower", 1.1, 1.0, False),
        ("higher", 1.1, 1.0, True),
        ("higher", 0.9, 1.0, False),
        ("lower", None, 1.0, False),
        ("lower", 5.0, None, None),
    ],
)
def test_a_bound_counts_as_reached_from_the_good_side(
    better: str, value: float | None, bound: float | None, expected: bool | None
) -> None:
    target = Target(name="x", unit="ms", better=better, issue=1, says="x")  # type: ignore[arg-type]  # parametrized
    assert target.reached(value, bound) is expected


def test_a_measure_knows_what_it_must_reach() -> None:
    assert measured("rehearse.voice_to_voice_p50", 1499, count=3).met is True
    assert measured("rehearse.voice_to_voice_p50", 1501, count=3).met is False
    assert measured("rehearse.voice_to_voice_p50", None, count=0).met is False
    assert measured("media.cpu_per_call", 1.0, count=100).met is None


def test_a_measure_nobody_explained_is_not_reported() -> None:
    with pytest.raises(KeyError, match="made_up"):
        measured("rehearse.made_up", 1, count=1)


def _report() -> Report:
    return Report(
        command="rehearse a.yaml",
        conditions=conditions(asterisk="22.10.1", models={"stt": "whisper-base"}, seed=7, calls=3),
        measures=[measured("rehearse.voice_to_voice_p50", 1700.0, count=3)],
        failures=[Failure(what="a, turn 1", reason="It was late.")],
        details={"scenarios": [], "command": "not this one"},
    )


def test_the_file_has_the_shape_that_the_issue_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.json"
    _report().write(path)
    document = json.loads(path.read_text())
    assert list(document) == ["command", "conditions", "measures", "failures", "scenarios"]
    assert document["command"] == "rehearse a.yaml"
    assert list(document["measures"][0]) == ["name", "value", "unit", "count", "must", "aim", "met"]
    assert document["failures"] == [{"what": "a, turn 1", "reason": "It was late."}]
    assert {"cores", "cpu", "memory_gb", "load_average", "seed", "models", "versions", "calls"} <= set(
        document["conditions"]
    )
    assert document["conditions"]["versions"]["asterisk"] == "22.10.1"
    assert [file.name for file in path.parent.iterdir()] == ["report.json"]


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    report = _report()
    report.conditions["bad"] = object()
    with pytest.raises(TypeError):
        report.write(path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]


def test_the_table_shows_what_was_missed() -> None:
    written = io.StringIO()
    Console(width=120, file=written).print(_report().table())
    text = written.getvalue()
    assert "rehearse.voice_to_voice_p50" in text
    assert "1,700" in text
    assert "NO" in text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0.0, "0"), (1234.5, "1,234"), (0.12345, "0.123"), (7, "7")])
def test_figures_are_short(value: float | None, text: str) -> None:
    assert figure(value) == text
