from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from agent.errors import SetupError
from agent.workers import openmp


def test_the_library_inside_ctranslate2_is_found_and_is_openmp() -> None:
    assert hasattr(ctypes.CDLL(str(openmp.bundled())), "omp_get_max_threads")


def test_a_link_gives_it_the_name_that_the_loader_looks_for(tmp_path: Path) -> None:
    folder = tmp_path / "lib"
    old, new = tmp_path / "old.so", tmp_path / "new.so"
    for library in (old, new, new):
        library.touch()
        assert openmp.link(library, folder) == folder
        assert (folder / openmp.LIBRARY).readlink() == library
    assert [path.name for path in folder.iterdir()] == [openmp.LIBRARY]


def test_nothing_happens_where_the_system_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openmp, "_loads", lambda: True)
    monkeypatch.setattr("os.execve", lambda *_: pytest.fail("replaced itself"))
    openmp.provide()


def test_the_process_begins_again_with_a_search_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begun: list[dict[str, str]] = []
    monkeypatch.setattr(openmp, "_loads", lambda: False)
    monkeypatch.setattr(openmp, "user_cache_path", lambda _: tmp_path)
    monkeypatch.setattr("os.execve", lambda _program, _argv, environment: begun.append(environment))
    monkeypatch.setenv("LD_LIBRARY_PATH", "/elsewhere")
    openmp.provide()
    assert begun[0]["LD_LIBRARY_PATH"] == f"{tmp_path / 'lib'}:/elsewhere"


def test_it_does_not_begin_again_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(openmp, "_loads", lambda: False)
    monkeypatch.setattr(openmp, "user_cache_path", lambda _: tmp_path)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path / "lib"))
    with pytest.raises(SetupError, match="apt install libgomp1"):
        openmp.provide()
