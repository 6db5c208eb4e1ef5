"""The start script of the Asterisk image, with a stand-in for Asterisk that shows what it was started with."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[3] / "asterisk-config"
STAND_IN = "#!/bin/sh\necho started with: $*\n"


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """The environment of a container with empty volumes."""
    asterisk = tmp_path / "bin/asterisk"
    asterisk.parent.mkdir()
    asterisk.write_text(STAND_IN)
    asterisk.chmod(0o755)
    for name in ("run", "state", "secrets"):
        (tmp_path / name).mkdir()
    return {
        "PATH": f"{asterisk.parent}:{os.environ['PATH']}",
        "RUN_DIR": str(tmp_path / "run"),
        "STATE_DIR": str(tmp_path / "state"),
        "SECRETS_DIR": str(tmp_path / "secrets"),
    }


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    script = TEMPLATES / "container/start"
    return subprocess.run([script], env=environment, capture_output=True, text=True, check=False)


def written(places: dict[str, str]) -> dict[str, str]:
    etc = Path(places["RUN_DIR"], "etc")
    return {str(path.relative_to(etc)): path.read_text() for path in etc.rglob("*.conf")}


def test_asterisk_is_started_with_every_template_filled_in(places: dict[str, str]) -> None:
    done = start(places)
    assert done.stdout == f"started with: -f -C {places['RUN_DIR']}/etc/asterisk.conf\n", done.stderr
    files = written(places)
    assert files.keys() >= {path.name for path in TEMPLATES.glob("*.conf")}
    left = {name: found for name, text in files.items() if (found := re.findall(r"@[A-Z_]+@", text))}
    assert not left


def test_passwords_are_made_once_and_used(places: dict[str, str]) -> None:
    start(places)
    secrets = Path(places["SECRETS_DIR"])
    first = {path.name: path.read_text() for path in secrets.iterdir()}
    assert first.keys() == {"ari-password", "ami-password", "phone-password"}
    assert all(re.fullmatch("[0-9a-f]{48}", password) for password in first.values())
    assert len(set(first.values())) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()} == {0o640}
    start(places)
    assert {path.name: path.read_text() for path in secrets.iterdir()} == first
    assert first["ari-password"] in written(places)["ari.conf"]
    assert first["ami-password"] in written(places)["manager.conf"]
    assert first["phone-password"] in written(places)["pjsip.conf"]


def test_a_password_that_the_operator_put_there_is_used(places: dict[str, str]) -> None:
    Path(places["SECRETS_DIR"], "phone-password").write_text("the-operators-own")
    start(places)
    assert "the-operators-own" in written(places)["pjsip.conf"]


@pytest.mark.parametrize("password", ["short;", "two\nlines-of-it", "a|b", "sp ace", "@APP@"])
def test_a_password_that_would_change_the_files_is_refused(places: dict[str, str], password: str) -> None:
    Path(places["SECRETS_DIR"], "phone-password").write_text(password)
    done = start(places)
    assert done.returncode == 2
    assert "PHONE_PASSWORD may hold only" in done.stderr
    assert password not in done.stderr


def test_control_listens_on_the_private_address_alone(places: dict[str, str]) -> None:
    start(places | {"CONTROL_HOST": "localhost"})
    assert "bindaddr = 127.0.0.1\n" in written(places)["http.conf"]
    assert "bindaddr = 127.0.0.1\n" in written(places)["manager.conf"]


def test_an_unknown_name_for_control_is_said(places: dict[str, str]) -> None:
    done = start(places | {"CONTROL_HOST": "no.such.name.invalid"})
    assert done.returncode == 2
    assert "CONTROL_HOST=no.such.name.invalid" in done.stderr


def test_telephones_are_told_the_address_of_the_host(places: dict[str, str]) -> None:
    start(places | {"EXTERNAL_ADDRESS": "192.0.2.10"})
    assert written(places)["pjsip.d/external-address.conf"].count("external_media_address = 192.0.2.10\n") == 2
    start(places)
    assert "pjsip.d/external-address.conf" not in written(places)


def test_a_false_address_of_the_host_is_refused(places: dict[str, str]) -> None:
    done = start(places | {"EXTERNAL_ADDRESS": "192.0.2.10\n[evil]"})
    assert done.returncode == 2
    assert not Path(places["RUN_DIR"], "etc/pjsip.d/external-address.conf").exists()
