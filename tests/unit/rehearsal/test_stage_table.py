from __future__ import annotations

from rich.console import Console

from agent.domain.turns import STAGES
from agent.rehearsal.performance import Span
from agent.rehearsal.stage_table import HEADINGS, stage_table
from agent.rehearsal.turn_results import TurnResult

ANSWER = TurnResult(
    turn=1, caller_span=Span(1.0, 2.0), latency_ms=812.3, stages_ms={"turn_ended": 501.2, "first_token": 640.0}
)


def test_every_stage_of_an_answer_has_its_column() -> None:
    assert list(HEADINGS) == list(STAGES)


def test_an_answer_is_one_line_and_what_did_not_happen_a_dash() -> None:
    table = stage_table([TurnResult(turn=0, latency_ms=70.0), ANSWER, TurnResult(turn=2)])
    assert table is not None
    assert table.row_count == 1
    console = Console(width=120)
    with console.capture() as captured:
        console.print(table)
    row = captured.get().strip().splitlines()[-1].split()
    assert row == ["1", "–", "501", "–", "640", "–", "–", "–", "812"]


def test_without_answers_there_is_no_table() -> None:
    assert stage_table([TurnResult(turn=1)]) is None
