from __future__ import annotations

import pytest

from agent.asterisk.mirror import VARIABLE, main_archive, mirror
from agent.errors import SetupError


def test_the_main_archive_is_chosen_and_not_that_of_security() -> None:
    assert main_archive([
        "nodistro https://example.org/node/",
        "bookworm-security http://mirror.example/debian-security/",
        "bookworm-updates http://mirror.example/updates/",
        "bookworm http://mirror.example/debian/",
        "trixie http://other.example/debian/",
    ]) == "http://mirror.example/debian"  # fmt: skip


def test_another_distribution_has_none() -> None:
    assert main_archive(["noble http://mirror.example/ubuntu/", ""]) is None


def test_the_environment_goes_first() -> None:
    assert mirror({VARIABLE: "http://mirror.example/debian/"}) == "http://mirror.example/debian"


def test_a_machine_without_apt_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(SetupError, match="apt-get and dpkg-deb are needed"):
        mirror({})
