from __future__ import annotations

from agent.dialog.speculation import JUDGED_FROM, LATEST, PROBE_EVERY, Speculation


def test_nothing_is_risked_while_a_caller_waits_or_many_do_it() -> None:
    ledger = Speculation(most=2)
    assert ledger.may_begin()
    ledger.waiting = 1
    assert not ledger.may_begin()
    ledger.waiting = 0
    ledger.begun()
    assert ledger.may_begin()
    ledger.begun()
    assert not ledger.may_begin()
    ledger.ended(0.3, used=True)
    assert ledger.may_begin()


def test_what_it_costs_is_counted() -> None:
    ledger = Speculation()
    for seconds, used in ((0.3, True), (0.2, False), (0.4, True)):
        ledger.begun()
        ledger.ended(seconds, used=used)
    assert (ledger.used, ledger.thrown_away, ledger.running) == (2, 1, 0)
    assert (round(ledger.seconds_used, 6), ledger.seconds_thrown_away) == (0.7, 0.2)


def test_where_it_does_not_pay_it_is_only_tried_now_and_then_until_it_pays_again() -> None:
    ledger = Speculation()
    for _ in range(JUDGED_FROM):
        ledger.begun()
        ledger.ended(0.2, used=False)
    assert [ledger.may_begin() for _ in range(2 * PROBE_EVERY)].count(True) == 2
    for _ in range(LATEST):
        ledger.begun()
        ledger.ended(0.2, used=True)
    assert ledger.may_begin()


def test_it_can_be_switched_off() -> None:
    assert not Speculation(enabled=False).may_begin()
