from __future__ import annotations

import pytest

from agent.doctor.check import Check, broken, exit_status, good, skipped, warning

GOOD = good("a", "fine")
WARNING = warning("b", "slow", "slow", "wait")
BROKEN = broken("c", "gone", "gone")
SKIPPED = skipped("d", "c is broken")


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ([GOOD], 0),
        ([GOOD, SKIPPED], 0),
        ([GOOD, WARNING], 1),
        ([WARNING, BROKEN, GOOD], 2),
        ([BROKEN], 2),
    ],
)
def test_the_worst_finding_is_the_exit_status(checks: list[Check], status: int) -> None:
    assert exit_status(checks) == status
