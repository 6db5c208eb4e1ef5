from __future__ import annotations

import pytest

from agent.asterisk.apt import explained, follow


@pytest.mark.parametrize(
    ("said", "code", "hint"),
    [
        ("W: GPG error: http://m InRelease: NO_PUBKEY 6ED0", "bad_signature", "debian-archive-keyring"),
        ("E: Failed to fetch http://m/x.deb  Hash Sum mismatch", "bad_checksum", "another mirror"),
        ("E: Write error - write (28: No space left on device)", "disk_full", "make room"),
        ("E: You don't have enough free space in /c/archives/.", "disk_full", "make room"),
        ("E: Failed to fetch http://m/x  Temporary failure resolving 'm'", "mirror_unreachable", "check the network"),
        ("E: Release file for http://m is not valid yet (invalid for another 2h)", "setup_error", "clock"),
    ],
)  # fmt: skip
def test_apt_s_words_become_a_sentence_with_what_to_do(said: str, code: str, hint: str) -> None:
    error = explained(f"Get:1 http://m forky InRelease\n{said}\n", "http://m")
    assert error.code == code
    assert hint in str(error)
    assert said.splitlines()[0][2:].strip() in str(error)


def test_progress_is_told_by_tenths() -> None:
    told: list[str] = []
    status = [f"dlstatus:1:{percent}.5:Retrieving file {percent} of 99\n" for percent in (0, 3, 11, 12, 39, 100)]
    follow(iter(["pmstatus:x:50:no\n", "noise\n", *status]), told.append)
    assert told == [
        "10 % – Retrieving file 11 of 99",
        "30 % – Retrieving file 39 of 99",
        "100 % – Retrieving file 100 of 99",
    ]
