from __future__ import annotations

import pytest

from agent.doctor.check import Check, broken, exit_status, failed, good, skipped, warning
from agent.errors import ConfigurationError, TelephonyError

GOOD = good("a", "fine")
WARNING = warning("b", "slow", "slow", "wait")
BROKEN = broken("c", "gone", "gone", "bring it back")
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


@pytest.mark.parametrize(
    ("sentence", "message", "remedy"),
    [
        ("Asterisk is gone; start it, or else.", "Asterisk is gone", "start it, or else."),
        ("http://a:1 refuses 'x': make both equal.", "http://a:1 refuses 'x'", "make both equal."),
        ("There is no key x; did you mean y?", "There is no key x", "did you mean y?"),
        ("media.port: Input should be less.", "media.port: Input should be less.", "otherwise"),
        ("It broke.", "It broke.", "otherwise"),
    ],
)
def test_an_errors_own_advice_becomes_the_remedy(sentence: str, message: str, remedy: str) -> None:
    check = failed("a", TelephonyError(sentence, code="ari_refused"), "otherwise")
    assert (check.code, check.message, check.remedy) == ("ari_refused", message, remedy)


def test_an_error_without_a_code_of_its_own_has_that_of_its_kind() -> None:
    assert failed("a", ConfigurationError("no"), "mend").code == "configuration_error"
