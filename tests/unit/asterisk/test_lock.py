from __future__ import annotations

import pytest

from agent.asterisk import lock
from agent.asterisk.bundle_specs import SPECS
from agent.asterisk.lock import Pin
from agent.asterisk.packages import Package
from agent.errors import SetupError
from agent.resources import shipped

A, B = "a" * 64, "b" * 64


def package(name: str, version: str, sha256: str = A) -> Package:
    return Package(name, version, f"{name}.deb", sha256, 1, 1)


def test_what_is_written_is_read() -> None:
    pins = lock.pins_of("asterisk", "amd64", [package("libssl3t64", "3.6.5-1+b1~x"), package("asterisk", "1:22.10.1")])
    assert [pin.name for pin in pins] == ["asterisk", "libssl3t64"]
    assert lock.parse("# comment\n\n" + "\n".join(map(str, pins)) + "\n") == pins


@pytest.mark.parametrize(
    "line",
    ["asterisk amd64 libc6 2.43", f"asterisk amd64 libc6 2.43 {A[:-1]}", f"x x x x {A} x", f"../x amd64 libc6 1 {A}"],
)
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(SetupError, match=r"packages\.lock, line 2"):
        lock.parse(f"# first\n{line}\n")


def test_what_has_moved_on_is_told() -> None:
    pins = [Pin("x", "amd64", "same", "1", A), Pin("x", "amd64", "newer", "1", A), Pin("x", "amd64", "gone", "1", A)]
    packages = [package("same", "1"), package("newer", "2", B), package("added", "1")]
    assert lock.moved_on(pins, packages) == ["newer 2 (tried: 1)", "added 1 (tried: without it)", "no gone"]
    assert lock.moved_on(pins[:1], packages[:1]) == []


def test_other_bytes_under_the_same_version_are_refused() -> None:
    with pytest.raises(SetupError, match="sha256 differs") as caught:
        lock.moved_on([Pin("x", "amd64", "same", "1", A)], [package("same", "1", B)])
    assert caught.value.code == "bad_checksum"


def test_a_fingerprint_tells_sets_apart_whatever_their_order() -> None:
    one, two = Pin("x", "amd64", "a", "1", A), Pin("x", "amd64", "b", "1", A)
    assert lock.fingerprint([one, two]) == lock.fingerprint([two, one]) != lock.fingerprint([one])


def test_the_shipped_lock_pins_asterisk_22_and_all_else_for_both_kinds_of_machine() -> None:
    pins = lock.parse((shipped("asterisk-config") / "packages.lock").read_text())
    assert {(pin.bundle, pin.architecture) for pin in pins} == {(name, a) for name in SPECS for a in ("amd64", "arm64")}
    versions = {pin.version for pin in pins if pin.name in {"asterisk", "asterisk-modules"}}
    assert len(versions) == 1
    assert versions.pop().startswith("1:22.")
