"""Fetching from a mirror that is well, cut off, tampered with or not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.asterisk import lock
from agent.asterisk.bundle_specs import BundleSpec
from agent.asterisk.store import BundleStore
from agent.asterisk.unpack import sha256
from agent.errors import SetupError
from tests.integration.asterisk.mirror import FILES, KEYRING, Mirror, running_mirror

TOY = BundleSpec(
    name="toy",
    title="Toy",
    packages=("toy",),
    left_out={"adduser": "no user is made"},
    exclude=("./usr/share/man",),
    links=(("usr/share/toy/same", "data"),),
    version=("toy", "22."),
)
DATA = "toy-data_1.0_all.deb"
DATA_PATH = f"/pool/{DATA}"
INDEX_PATH = "/dists/forky/InRelease"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with running_mirror() as running:
        yield running


@pytest.fixture
def store(mirror: Mirror, tmp_path: Path) -> BundleStore:
    return BundleStore(
        tmp_path / "cache", [], "amd64",
        find_mirror=lambda: mirror.address, find_keyring=lambda: KEYRING, retries=0,
    )  # fmt: skip


def ranges(mirror: Mirror, path: str) -> list[str]:
    return [wanted for asked, wanted in mirror.requests if asked == path]


def test_a_bundle_is_unpacked_with_what_it_needs_and_nothing_else(store: BundleStore) -> None:
    lines: list[str] = []
    root = store.obtain([TOY], lines.append)["toy"]
    files = {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}
    assert files == {"usr/bin/toy", "usr/share/toy/data", "usr/share/toy/same", "packages.json"}
    assert (root / "usr/share/toy/same").read_bytes() == (root / "usr/share/toy/data").read_bytes()
    assert "Toy: fetching 2 packages, 0.1 MB" in lines
    assert sorted(path.name for path in store.folder.iterdir()) == ["lock", root.name]


def test_what_is_there_is_not_asked_for_again(store: BundleStore, mirror: Mirror) -> None:
    first = store.obtain([TOY])
    asked = len(mirror.requests)
    lines: list[str] = []
    assert store.obtain([TOY], lines.append) == first
    assert (lines, len(mirror.requests)) == ([], asked)


def test_an_interrupted_download_is_picked_up(store: BundleStore, mirror: Mirror) -> None:
    mirror.cut[DATA_PATH] = 20_000
    with pytest.raises(SetupError) as caught:
        store.obtain([TOY])
    assert caught.value.code == "mirror_unreachable"
    assert store.obtain([TOY])["toy"].is_dir()
    assert ranges(mirror, DATA_PATH) == ["", "bytes=20000-"]


def test_a_corrupt_cached_package_is_refused_and_fetched_again(store: BundleStore, mirror: Mirror) -> None:
    good = (FILES / "pool" / DATA).read_bytes()
    cached = store.folder / "downloads" / DATA
    cached.parent.mkdir(parents=True)
    cached.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    lines: list[str] = []
    assert store.obtain([TOY], lines.append)["toy"].is_dir()
    assert f"Toy: {DATA} is damaged, fetching it again" in lines
    assert ranges(mirror, DATA_PATH) == [""]


def test_a_good_cached_package_is_used(store: BundleStore, mirror: Mirror) -> None:
    cached = store.folder / "downloads" / DATA
    cached.parent.mkdir(parents=True)
    cached.write_bytes((FILES / "pool" / DATA).read_bytes())
    store.obtain([TOY])
    assert ranges(mirror, DATA_PATH) == []


def test_a_short_cached_package_with_wrong_bytes_is_fetched_again(store: BundleStore, mirror: Mirror) -> None:
    cached = store.folder / "downloads" / DATA
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"\0" * 20_000)
    assert store.obtain([TOY])["toy"].is_dir()
    assert ranges(mirror, DATA_PATH)[-1] == ""


def test_a_mirror_that_sends_other_bytes_than_its_index_says_is_refused(store: BundleStore, mirror: Mirror) -> None:
    mirror.altered[DATA_PATH] = b"\0" * (FILES / "pool" / DATA).stat().st_size
    with pytest.raises(SetupError, match="try again, or use another mirror") as caught:
        store.obtain([TOY])
    assert caught.value.code == "bad_checksum"
    assert not store.path(TOY).exists()


def test_an_index_that_was_changed_after_it_was_signed_is_refused(store: BundleStore, mirror: Mirror) -> None:
    mirror.altered[INDEX_PATH] = (
        (FILES / INDEX_PATH.lstrip("/")).read_bytes().replace(b"Origin: Tests", b"Origin: Fakes")
    )
    with pytest.raises(SetupError, match="not signed by Debian") as caught:
        store.obtain([TOY])
    assert caught.value.code == "bad_signature"


def test_an_index_signed_by_somebody_else_is_refused(store: BundleStore, tmp_path: Path) -> None:
    empty = tmp_path / "empty.gpg"
    empty.touch()
    with pytest.raises(SetupError, match="not signed by Debian") as caught:
        replace(store, find_keyring=lambda: empty).obtain([TOY])
    assert caught.value.code == "bad_signature"


def test_a_mirror_that_is_not_there_is_named(store: BundleStore) -> None:
    with running_mirror() as gone:
        address = gone.address
    with pytest.raises(SetupError, match=f"{address} could not be reached") as caught:
        replace(store, find_mirror=lambda: address).obtain([TOY])
    assert caught.value.code == "mirror_unreachable"


def test_a_mirror_that_has_moved_on_is_followed_and_said(store: BundleStore) -> None:
    pins = [
        lock.Pin("toy", "amd64", "toy", "22.0-1", "0" * 64),
        lock.Pin("toy", "amd64", "toy-data", "1.0", data_sha()),
    ]
    lines: list[str] = []
    assert replace(store, pins=pins).obtain([TOY], lines.append)["toy"].is_dir()
    assert "Toy: Debian has moved on since this was tried; taking toy 22.1-1 (tried: 22.0-1)" in lines


def test_the_same_version_with_other_bytes_is_refused(store: BundleStore) -> None:
    pins = [lock.Pin("toy", "amd64", "toy-data", "1.0", "0" * 64)]
    with pytest.raises(SetupError, match="sha256 differs") as caught:
        replace(store, pins=pins).obtain([TOY])
    assert caught.value.code == "bad_checksum"


def test_another_major_version_is_refused(store: BundleStore) -> None:
    with pytest.raises(SetupError, match=r"now has toy 22\.1-1, and this phone-agent needs 21\.x"):
        store.obtain([replace(TOY, version=("toy", "21."))])


def test_too_little_disk_is_said_before_anything_is_fetched(
    store: BundleStore, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1_000_000}))
    with pytest.raises(SetupError, match="has 1; make room") as caught:
        store.obtain([TOY])
    assert caught.value.code == "disk_full"
    assert ranges(mirror, DATA_PATH) == []


def test_a_cache_that_cannot_be_written_is_named(store: BundleStore, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.raises(SetupError, match=r"cache cannot be written"):
        store.obtain([TOY])


def test_what_a_killed_process_left_is_cleared_away(store: BundleStore) -> None:
    left = store.folder / "toy-abc.part"
    (left / "usr").mkdir(parents=True)
    store.obtain([TOY])
    assert not left.exists()


def data_sha() -> str:
    return sha256(FILES / "pool" / DATA)
