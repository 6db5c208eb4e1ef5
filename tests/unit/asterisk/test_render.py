from __future__ import annotations

import stat
from pathlib import Path

import pytest

from agent.asterisk.render import fill_in, modules, render, write_private
from agent.errors import ConfigurationError


def test_values_take_the_place_of_their_variables() -> None:
    assert fill_in("[@A@]\nb = @B_C@@@A@ ${EXTEN}\n", {"A": "x", "B_C": "1"}) == "[x]\nb = 1@x ${EXTEN}\n"


def test_a_value_is_not_filled_in_again() -> None:
    assert fill_in("@A@", {"A": "@B@", "B": "no"}) == "@B@"


def test_a_variable_without_a_value_is_named() -> None:
    with pytest.raises(ConfigurationError, match="@MISSING@ has no value"):
        fill_in("x = @MISSING@", {})


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a]b", "[b", "a;b", "a\x00b", "a\x7f"])
def test_a_value_that_could_end_its_line_or_section_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="@A@ holds a character"):
        fill_in("x = @A@", {"A": value})


def test_only_the_folder_s_own_conf_files_are_rendered(tmp_path: Path) -> None:
    (tmp_path / "rehearsal").mkdir()
    for name in ("b.conf", "a.conf", "c.conf.example", "rehearsal/d.conf"):
        (tmp_path / name).write_text("@X@")
    assert render(tmp_path, {"X": "1"}) == {"a.conf": "1", "b.conf": "1"}


def test_files_are_for_their_owner_alone_even_where_they_were_open_before(tmp_path: Path) -> None:
    (tmp_path / "old.conf").touch(mode=0o644)
    write_private(tmp_path, {"old.conf": "secret", "deep/new.conf": "secret"})
    for name in ("old.conf", "deep/new.conf"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert (tmp_path / name).read_text() == "secret"
    assert stat.S_IMODE((tmp_path / "deep").stat().st_mode) == 0o700


def test_modules_are_those_of_load_lines(tmp_path: Path) -> None:
    (tmp_path / "modules.conf").write_text("autoload = no\n;load = no.so\nload = res_a.so\nload = app_b.so\n")
    assert modules(tmp_path) == ("res_a.so", "app_b.so")
