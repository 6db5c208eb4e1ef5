from __future__ import annotations

import pytest

from agent.asterisk.packages import Package, closure, parse_index
from agent.errors import SetupError

SHA = "0" * 64
INDEX = f"""\
Package: program
Version: 1:22.1-1
Installed-Size: 10
Depends: lib1 (>= 2.0), adduser, sounds-gsm | sounds-wav, python3:any, mta
Pre-Depends: loader
Filename: pool/main/p/program/program_22.1-1_amd64.deb
Size: 100
SHA256: {SHA}
Description: folded
 Depends: not-me

Package: lib1
Version: 2.1
Depends: lib2, libsnmp45 (>= 5)
Filename: pool/lib1.deb
Size: 1
SHA256: {SHA}

Package: lib2
Version: 3
Depends: lib1
Filename: pool/lib2.deb
Size: 1
SHA256: {SHA}

Package: loader
Version: 1
Filename: pool/loader.deb
Size: 1
SHA256: {SHA}

Package: sounds-wav
Version: 1
Filename: pool/sounds-wav.deb
Size: 1
SHA256: {SHA}

Package: sounds-gsm
Version: 1
Filename: pool/sounds-gsm.deb
Size: 1
SHA256: {SHA}

Package: postfix
Version: 1
Provides: mta (= 1), smtp
Filename: pool/postfix.deb
Size: 1
SHA256: {SHA}

Package: lib1
Version: 9.9
Filename: pool/lib1-other.deb
Size: 1
SHA256: {SHA}
"""
LEFT_OUT = {"adduser": "no user is made", "python3*": "no scripts", "libsnmp*": "not loaded"}


def index() -> dict[str, Package]:
    return parse_index(INDEX.splitlines(keepends=True))


def names(left_out: dict[str, str] | None = None, *wanted: str) -> list[str]:
    return [
        package.name for package in closure(index(), wanted or ["program"], LEFT_OUT if left_out is None else left_out)
    ]


def test_a_stanza_becomes_a_package() -> None:
    assert index()["program"] == Package(
        "program", "1:22.1-1", "program_22.1-1_amd64.deb", SHA, 100, 10240,
        (("loader",), ("lib1",), ("adduser",), ("sounds-gsm", "sounds-wav"), ("python3",), ("mta",)),
    )  # fmt: skip
    assert index()["postfix"].provides == ("mta", "smtp")


def test_the_first_stanza_of_a_name_counts() -> None:
    assert index()["lib1"].version == "2.1"


def test_all_that_is_needed_is_taken_but_what_was_left_out() -> None:
    assert names() == ["lib1", "lib2", "loader", "postfix", "program", "sounds-gsm"]


def test_an_alternative_that_was_asked_for_is_enough() -> None:
    assert "sounds-gsm" not in names(None, "sounds-wav", "program")


def test_an_alternative_that_is_left_out_is_enough() -> None:
    assert not {"sounds-gsm", "sounds-wav"} & set(names(LEFT_OUT | {"sounds-gsm": "quiet"}))


def test_a_need_that_nothing_meets_is_named() -> None:
    with pytest.raises(SetupError, match="no package adduser, which program needs"):
        names({"python3*": ""})


def test_an_alternative_that_does_not_exist_is_passed_over() -> None:
    broken = index()
    del broken["sounds-gsm"]
    assert "sounds-wav" in [package.name for package in closure(broken, ["program"], LEFT_OUT)]


@pytest.mark.parametrize("line", ["Size: 1", f"SHA256: {SHA}", "Version: 1:22.1-1"])
def test_a_damaged_index_is_said(line: str) -> None:
    with pytest.raises(SetupError, match="damaged at program"):
        parse_index(
            INDEX.replace(line, "Size: many", 1).splitlines()
            if "Size" in line
            else INDEX.replace(line + "\n", "", 1).splitlines()
        )
