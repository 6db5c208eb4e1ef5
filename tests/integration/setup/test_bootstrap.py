"""`.ci/bootstrap` with a stand-in for Python: what it does again, what it does not, and what it says when it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CI = Path(__file__).parents[3] / ".ci"
LOCK = "one==1.0 \\\n    --hash=sha256:aa\n"
PYTHON = """#!/bin/sh
# Stands in for the Python of the machine and of the environment; notes what pip is asked to do.
here=$(dirname "$0")
case "$*" in
  *sys.version_info*) exit "${WRONG_VERSION:-0}" ;;
  *ensurepip*) exit 0 ;;
  -V) echo Python 3.11.0 ;;
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip --version") exit 0 ;;
  "-m pip download "*)
    for last; do :; done
    echo "download $(tr -d ' \\\\\\n' <"$last")" >>"$NOTES"
    [ -z "${NETWORK_DOWN:-}" ] || { echo "ERROR: no network" >&2; exit 1; }
    echo "  Downloading one-1.0.whl (1 kB)" ;;
  "-m pip install "*) echo install >>"$NOTES" ;;
esac
"""


class Checkout:
    """A checkout with one package to install, and no network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".ci").mkdir()
        shutil.copy(CI / "bootstrap", folder / ".ci/bootstrap")
        for name in ("pip", "runtime", "dev"):
            (folder / f".ci/{name}.lock").write_text(LOCK)
        (folder / "pyproject.toml").write_text("")
        (folder / "bin").mkdir()
        (folder / "bin/python3.11").write_text(PYTHON)
        (folder / "bin/python3.11").chmod(0o755)
        self.notes = folder / "notes"
        self.environment = {
            "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "NOTES": str(self.notes),
            "PYTHON": "python3.11",
        }

    def bootstrap(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run it; `steps` tells what pip was asked to do."""
        self.notes.write_text("")
        return subprocess.run(
            [self.folder / ".ci/bootstrap", *arguments],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def steps(self) -> list[str]:
        return self.notes.read_text().split("\n")[:-1]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


FETCH = ["download one==1.0--hash=sha256:aa", "install"]


def test_everything_is_installed_once(checkout: Checkout) -> None:
    done = checkout.bootstrap()
    assert done.returncode == 0, done.stderr
    assert checkout.steps == [*FETCH, *FETCH, "install"]  # pip, runtime, phone-agent itself
    assert checkout.bootstrap().returncode == 0
    assert checkout.steps == []


def test_tools_for_developers_come_on_top(checkout: Checkout) -> None:
    checkout.bootstrap()
    checkout.bootstrap("dev")
    assert checkout.steps == FETCH


def test_a_changed_lock_is_installed_anew(checkout: Checkout) -> None:
    checkout.bootstrap()
    (checkout.folder / ".ci/runtime.lock").write_text(LOCK.replace("1.0", "1.1"))
    checkout.bootstrap()
    assert checkout.steps == ["download one==1.1--hash=sha256:aa", "install"]


def test_an_interrupted_set_up_is_picked_up(checkout: Checkout) -> None:
    done = checkout.bootstrap(NETWORK_DOWN="1")
    assert done.returncode == 2
    assert "check the connection to your package index and run the same command again" in done.stderr
    done = checkout.bootstrap()
    assert done.returncode == 0, done.stderr
    assert checkout.steps == [*FETCH, *FETCH, "install"]


def test_progress_is_shown(checkout: Checkout) -> None:
    assert "Downloading one-1.0.whl (1 kB)" in checkout.bootstrap().stdout


def test_a_missing_python_is_said_in_one_sentence(checkout: Checkout) -> None:
    done = checkout.bootstrap(WRONG_VERSION="1", PATH=str(checkout.folder / "bin") + ":" + _tools(checkout.folder))
    assert done.returncode == 2
    assert done.stderr.startswith("phone-agent: Python 3.11 or 3.12 was not found; install it")
    assert len(done.stderr.splitlines()) == 1


def _tools(folder: Path) -> str:
    """A folder with what the script needs, and no Python."""
    tools = folder / "tools"
    tools.mkdir()
    for name in ("bash", "sh", "env", "dirname", "mkdir", "flock", "cat", "sha256sum", "rm"):
        found = shutil.which(name, path=os.defpath)
        assert found
        (tools / name).symlink_to(found)
    return str(tools)
