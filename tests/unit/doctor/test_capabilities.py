from __future__ import annotations

import pytest

from agent.doctor.capabilities import Version, limits, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("22.10.1+dfsg+~cs6.17.60671434-1", Version(22, 10)),
        ("16.28.0~dfsg-0+deb11u4", Version(16, 28)),
        ("Asterisk 18.9.0", Version(18, 9)),
        ("20.19.0", Version(20, 19)),
        ("23.0.0-rc1", Version(23, 0)),
        ("certified/20.7-cert5", Version(20, 7)),
        ("certified-18.9-cert13", Version(18, 9)),
        ("GIT-22-0abc1234M", Version(22, 999)),
        ("GIT-master-0abc1234M", None),
        ("", None),
        ("unknown", None),
    ],
)
def test_a_version_is_found_in_what_asterisk_says(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


HANGS, DROPS, SPLIT = "closing_does_not_hang_up", "late_frame_ends_call", "split_header"


@pytest.mark.parametrize(
    ("version", "codes"),
    [
        ("11.25", ["no_audiosocket", "not_maintained"]),
        ("16.28", ["no_audiosocket", "not_maintained"]),
        ("17.9", ["no_audiosocket", "not_maintained"]),
        ("18.0", ["not_maintained", HANGS, "no_sip_code"]),
        ("18.26", ["not_maintained", HANGS, "no_sip_code"]),
        ("19.8", ["not_maintained", HANGS, "no_sip_code"]),
        ("20.0", [HANGS, "no_sip_code"]),
        ("20.13", [HANGS, "no_sip_code"]),
        ("20.14", [DROPS, "no_sip_code"]),
        ("20.16", [DROPS, "no_sip_code"]),
        ("20.17", [SPLIT]),
        ("20.18", [SPLIT]),
        ("20.19", []),
        ("21.8", ["not_maintained", HANGS, "no_sip_code"]),
        ("21.9", ["not_maintained", DROPS, "no_sip_code"]),
        ("21.12", ["not_maintained", SPLIT]),
        ("22.3", [HANGS, "no_sip_code"]),
        ("22.4", [DROPS, "no_sip_code"]),
        ("22.6", [DROPS, "no_sip_code"]),
        ("22.7", [SPLIT]),
        ("22.8", [SPLIT]),
        ("22.9", []),
        ("22.10", []),
        ("23.0", [DROPS, "no_sip_code"]),
        ("23.1", [SPLIT]),
        ("23.3", []),
        ("24.0", ["not_tried"]),
    ],
)
def test_each_version_has_its_limits(version: str, codes: list[str]) -> None:
    found = parse_version(version)
    assert found is not None
    assert [limit.code for limit in limits(found)] == codes


def test_the_newest_of_a_branch_is_as_good_as_its_latest_release() -> None:
    assert limits(Version(22, 999)) == []
