"""The lock files hold what pyproject.toml asks for, each file by its hash, and name no host."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[3]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())
RUNTIME = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["project"]["optional-dependencies"]["rehearse"],
    *PROJECT["build-system"]["requires"],
]
BOOTSTRAP = (TOP / ".ci/bootstrap").read_text()
LOCKS = ("pip", "runtime", "dev")


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Package → version and number of hashes."""
    entries = re.split(r"^(?=[A-Za-z0-9])", (TOP / f".ci/{name}.lock").read_text(), flags=re.M)[1:]
    found: dict[str, tuple[str, int]] = {}
    for entry in entries:
        package, _, version = entry.split()[0].partition("==")
        found[canonicalize_name(package)] = (version, len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)))
    return found


@pytest.mark.parametrize("wanted", RUNTIME)
def test_the_runtime_lock_satisfies_pyproject(wanted: str) -> None:
    requirement = Requirement(wanted)
    version, _ = locked("runtime")[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version), "run `make lock`"


@pytest.mark.parametrize("wanted", PROJECT["dependency-groups"]["dev"])
def test_the_dev_lock_satisfies_pyproject(wanted: str) -> None:
    requirement = Requirement(wanted)
    version, _ = locked("dev")[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version), "run `make lock`"


def test_a_package_in_both_locks_has_one_version() -> None:
    runtime, dev = locked("runtime"), locked("dev")
    assert {name: runtime[name] for name in runtime.keys() & dev.keys()} == {
        name: dev[name] for name in runtime.keys() & dev.keys()
    }


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    assert all(version and hashes for version, hashes in locked(name).values())


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host_and_no_folder(name: str) -> None:
    assert not re.search(r"://|^-|\s/", (TOP / f".ci/{name}.lock").read_text(), re.M)


def test_the_bootstrap_accepts_the_pythons_of_pyproject() -> None:
    check = re.search(r"\((\d+), (\d+)\) <= sys.version_info\[:2\] <= \((\d+), (\d+)\)", BOOTSTRAP)
    assert check
    assert PROJECT["project"]["requires-python"] == f">={check[1]}.{check[2]},<{check[3]}.{int(check[4]) + 1}"
