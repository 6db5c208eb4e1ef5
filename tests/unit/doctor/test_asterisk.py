from __future__ import annotations

import pytest

from agent.asterisk.render import modules as shipped_modules
from agent.doctor.asterisk import NEEDED, USUAL, check_modules, check_version
from agent.doctor.check import Status
from agent.resources import shipped

SHIPPED = dict.fromkeys(shipped_modules(shipped("asterisk-config")), "Running")


def without(*names: str) -> dict[str, str]:
    return {name: status for name, status in SHIPPED.items() if name not in names}


def test_what_we_ship_has_all_modules() -> None:
    assert check_modules(SHIPPED).code == "ok"


@pytest.mark.parametrize("name", NEEDED)
def test_each_needed_module_is_missed(name: str) -> None:
    check = check_modules(without(name))
    assert (check.code, check.status) == ("module_missing", Status.BROKEN)
    assert name in check.message
    assert "modules.conf" in check.remedy


def test_a_module_that_is_there_but_does_not_run_is_missed() -> None:
    assert "chan_audiosocket.so" in check_modules(SHIPPED | {"chan_audiosocket.so": "Not Running"}).message


@pytest.mark.parametrize("name", USUAL)
def test_each_usual_module_is_missed_with_what_it_does(name: str) -> None:
    check = check_modules(without(name))
    assert (check.code, check.status) == ("module_unusual", Status.WARNING)
    assert USUAL[name] in check.message


def test_one_bridge_is_enough_and_none_is_not() -> None:
    assert check_modules(without("bridge_simple.so")).code == "ok"
    assert check_modules(without("bridge_simple.so", "bridge_softmix.so")).code == "module_missing"
    assert "a clock" in check_modules(without("res_timing_timerfd.so")).message


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("22.10.1+dfsg-1", "ok", Status.GOOD),
        ("16.28.0", "no_audiosocket", Status.BROKEN),
        ("18.26.4", "not_maintained", Status.WARNING),
        ("20.15.0", "late_frame_ends_call", Status.WARNING),
        ("private build", "version_unknown", Status.WARNING),
    ],
)
def test_the_worst_limit_of_a_version_is_its_code(text: str, code: str, status: Status) -> None:
    check = check_version(text)
    assert (check.code, check.status) == (code, status)
    assert text in check.message
    assert bool(check.remedy) == (status is not Status.GOOD)


def test_all_limits_of_a_version_are_told() -> None:
    message = check_version("18.26.4").message
    assert "no more fixes" in message
    assert "silent" in message
    assert "SIP code" in message
