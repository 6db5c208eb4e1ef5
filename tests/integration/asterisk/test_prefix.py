"""Whether the unpacked programs and modules find what they need, asked of the real loader."""

from __future__ import annotations

from pathlib import Path

from agent.asterisk.prefix import Prefix


def test_what_is_used_finds_its_libraries_and_what_was_left_out_is_noticed(prefix: Path) -> None:
    root = Prefix(prefix)
    modules = root.libraries / "asterisk/modules"
    assert root.missing_libraries(prefix / "usr/sbin/asterisk") == []
    assert root.missing_libraries(modules / "res_srtp.so") == []
    assert root.missing_libraries(modules / "res_snmp.so")[0].startswith("libnetsnmp")
