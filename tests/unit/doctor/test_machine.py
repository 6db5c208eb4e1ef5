from __future__ import annotations

import resource
from pathlib import Path

import pytest

from agent.doctor.check import Status
from agent.doctor.machine import check_clock, check_disk, check_files, check_memory


@pytest.mark.parametrize(
    ("limit", "code", "status"),
    [
        (1024, "ok", Status.GOOD),
        (resource.RLIM_INFINITY, "ok", Status.GOOD),
        (256, "few_files", Status.WARNING),
        (105, "too_few_files", Status.BROKEN),
    ],
)
def test_the_limit_of_files_is_told_in_calls(limit: int, code: str, status: Status) -> None:
    check = check_files(limit)
    assert (check.code, check.status) == (code, status)


def test_the_calls_that_files_allow_are_counted() -> None:
    assert "enough for 154 calls" in check_files(1024).message


def test_models_must_fit_into_free_memory() -> None:
    gigabyte = 10**9
    assert check_memory([gigabyte], available=2 * gigabyte).code == "ok"
    little = check_memory([gigabyte], available=gigabyte)
    assert (little.code, little.status) == ("little_memory", Status.WARNING)
    assert "1,600 MB are needed" in little.message


@pytest.mark.parametrize(("free_mb", "code"), [(5000, "ok"), (500, "disk_nearly_full"), (50, "disk_full")])
def test_the_fullest_disk_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_mb: int, code: str) -> None:
    class Usage:
        def __init__(self, free: int) -> None:
            self.free = free

    def usage(folder: Path) -> Usage:
        return Usage(free_mb * 10**6 if folder == tmp_path else 10**12)

    monkeypatch.setattr("agent.doctor.machine.shutil.disk_usage", usage)
    check = check_disk({"models": tmp_path / "not" / "there" / "yet", "temporary files": Path("/")})
    assert check.code == code
    assert "models" in check.message


def test_a_clock_before_the_installation_is_wrong() -> None:
    assert check_clock(None, now=1_000_000.0).code == "clock_wrong"
    assert check_clock(None).code == "ok"


@pytest.mark.parametrize(
    ("ahead_s", "code"), [(0.3, "ok"), (-1.9, "ok"), (2.5, "clocks_differ"), (-60, "clocks_differ")]
)
def test_the_clocks_of_both_machines_are_compared(ahead_s: float, code: str) -> None:
    assert check_clock(ahead_s).code == code
