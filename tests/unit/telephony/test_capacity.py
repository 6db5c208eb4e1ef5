from __future__ import annotations

from statistics import fmean

import pytest

from agent.settings import CapacitySettings
from agent.telephony.capacity import FIRST_PROBE_S, Capacity
from tests.unit.telephony.office import Office

BOUND_S = 2.5
QUICK, SLOW = 1.0, 3.0


def capacity(**changes: int) -> Capacity:
    return Capacity(CapacitySettings.model_validate({"turn_p95_s": BOUND_S, **changes}))


def turns(learner: Capacity, count: int, took_s: float, *, calls: int | None = None, at: float = 0.0) -> None:
    for _ in range(count):
        learner.turn(took_s, calls=learner.limit if calls is None else calls, at=at)


def test_a_fixed_number_is_not_learned() -> None:
    fixed = capacity(max_calls=3)
    turns(fixed, 100, SLOW, calls=3)
    assert fixed.limit == 3
    turns(fixed, 1000, QUICK, calls=3)
    assert fixed.limit == 3


def test_four_slow_answers_in_a_row_are_too_many_calls() -> None:
    learner = capacity(start_calls=4)
    turns(learner, 3, SLOW)
    assert learner.limit == 4
    turns(learner, 1, SLOW)
    assert learner.limit == 3


def test_one_slow_answer_in_thirty_is_fine() -> None:
    learner = capacity(start_calls=4)
    for _ in range(40):
        turns(learner, 29, QUICK, calls=4)
        turns(learner, 1, SLOW, calls=4)
    assert learner.limit > 4


def test_one_slow_answer_in_ten_is_not() -> None:
    learner = capacity(start_calls=4)
    for _ in range(40):
        turns(learner, 9, QUICK, calls=4)
        turns(learner, 1, SLOW, calls=4)
    assert learner.limit < 4


def test_never_below_one() -> None:
    learner = capacity(start_calls=2)
    turns(learner, 100, SLOW)
    assert learner.limit == 1


def test_quick_answers_to_few_callers_say_nothing_about_many() -> None:
    learner = capacity(start_calls=4)
    turns(learner, 1000, QUICK, calls=3)
    assert learner.limit == 4


def test_what_is_slow_with_few_is_too_slow_with_many() -> None:
    learner = capacity(start_calls=8)
    turns(learner, 4, SLOW, calls=3)
    assert learner.limit == 2


def test_calls_that_were_there_before_the_limit_sank_do_not_sink_it_further() -> None:
    learner = capacity(start_calls=4)
    turns(learner, 4, SLOW, calls=4)
    turns(learner, 50, SLOW, calls=4)
    assert learner.limit == 3


def test_a_good_past_does_not_hide_that_it_has_become_worse() -> None:
    learner = capacity(start_calls=1)
    learner.turn(SLOW, calls=1, at=0)  # 1 cannot sink
    learner = capacity(start_calls=4)
    turns(learner, 4, SLOW, calls=4)  # 3, and 4 is not tried for a while
    turns(learner, 10_000, QUICK, calls=3)
    turns(learner, 7, SLOW, calls=3)
    assert learner.limit == 2


def test_grows_by_half_until_it_was_too_much_and_then_by_one() -> None:
    learner = capacity(start_calls=4)
    limits = [learner.limit]
    for _ in range(4 * 58):
        turns(learner, 1, QUICK)
        if learner.limit != limits[-1]:
            limits.append(learner.limit)
    assert limits == [4, 6, 9, 13, 19]
    turns(learner, 4, SLOW)
    turns(learner, 4, SLOW)
    assert learner.limit == 17
    turns(learner, 200, QUICK)
    assert learner.limit == 17, "18 was too much a moment ago"


def test_tries_upward_again_after_a_while_each_time_longer() -> None:
    learner = capacity(start_calls=4)
    turns(learner, 4, SLOW, at=0)
    turns(learner, 100, QUICK, at=FIRST_PROBE_S - 1)
    assert learner.limit == 3
    turns(learner, 100, QUICK, calls=3, at=FIRST_PROBE_S)
    assert learner.limit == 4
    turns(learner, 4, SLOW, at=FIRST_PROBE_S)
    turns(learner, 200, QUICK, at=2 * FIRST_PROBE_S + 1)
    assert learner.limit == 3
    turns(learner, 1, QUICK, at=3 * FIRST_PROBE_S)
    assert learner.limit == 4


def test_a_machine_that_got_faster_is_used() -> None:
    learner = capacity(start_calls=4)
    turns(learner, 4, SLOW, at=0)
    for minute in range(60):
        turns(learner, 40, QUICK, at=60.0 * minute)
    assert learner.limit > 8


@pytest.mark.parametrize(("work_s", "think_s"), [(0.5, 6.0), (0.3, 6.0), (0.5, 3.0)], ids=["7", "17", "4"])
@pytest.mark.parametrize("start_calls", [1, 4, 12])
def test_learns_what_a_queueing_model_can_serve(work_s: float, think_s: float, start_calls: int) -> None:
    best = 1
    while Office(work_s=work_s, think_s=think_s, seed=1).p95_s(best + 1) <= BOUND_S:
        best += 1
    learner = capacity(start_calls=start_calls)
    office = Office(work_s=work_s, think_s=think_s, seed=2)
    limits: list[int] = []
    slow: list[bool] = []

    def took(wait_s: float, calls: int, at: float) -> None:
        learner.turn(wait_s, calls=calls, at=at)
        limits.append(learner.limit)
        slow.append(wait_s > BOUND_S)

    office.turns(6000, calls=lambda: learner.limit, took=took)
    learned = fmean(limits[2000:])
    assert best * 0.75 <= learned <= best * 1.25, (best, learned)
    assert fmean(slow[2000:]) <= 0.055, "5 % is what the bound allows"


def test_without_learning_the_model_would_be_overloaded() -> None:
    """What the test above would see of a limit that is too high: it can fail."""
    office = Office(work_s=0.5, think_s=6.0, seed=2)
    assert office.p95_s(20) > 2 * BOUND_S


def test_an_overload_sinks_it_at_once_and_it_comes_back() -> None:
    learner = capacity(start_calls=4)
    office = Office(work_s=0.3, think_s=6.0, seed=3)

    def took(wait_s: float, calls: int, at: float) -> None:
        learner.turn(wait_s, calls=calls, at=at)

    office.turns(4000, calls=lambda: learner.limit, took=took)
    before = learner.limit
    office.work_s = 1.2
    office.turns(300, calls=lambda: learner.limit, took=took)
    assert learner.limit < before / 2
    office.work_s = 0.3
    office.turns(8000, calls=lambda: learner.limit, took=took)
    assert learner.limit >= 0.75 * before
