"""Debian's package index: what there is, and what a package needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from agent.errors import SetupError

_FIELDS = ("Package", "Version", "Filename", "SHA256", "Size", "Installed-Size", "Depends", "Pre-Depends", "Provides")
_NAME = re.compile(r"\s*([a-z0-9][a-z0-9+.-]*)")


@dataclass(frozen=True, slots=True)
class Package:
    """One package of the index."""

    name: str
    version: str
    filename: str
    """Last part of its path on the mirror."""
    sha256: str
    size: int
    """Of the download, in bytes."""
    installed_size: int
    """Unpacked, in bytes; Debian's estimate."""
    depends: tuple[tuple[str, ...], ...] = ()
    """Each group is needed; any name of a group will do. Versions are left out: a suite is consistent in itself."""
    provides: tuple[str, ...] = ()


def parse_index(lines: Iterable[str]) -> dict[str, Package]:
    """Name → package, from the lines of a `Packages` file; the first stanza of a name counts."""
    index: dict[str, Package] = {}
    stanza: dict[str, str] = {}
    for line in (*lines, ""):
        if line and not line.isspace():
            name, colon, value = line.partition(": ")
            if colon and name in _FIELDS:
                stanza[name] = value.strip()
        elif stanza:
            package = _package(stanza)
            index.setdefault(package.name, package)
            stanza = {}
    return index


def closure(index: Mapping[str, Package], wanted: Iterable[str], left_out: Mapping[str, str]) -> list[Package]:
    """The wanted packages and all that they need, sorted by name.

    `left_out` maps names that are not followed (`*` stands for anything) to the reason why not; a group with such a
    name counts as satisfied. Of several alternatives the first one that the index has is taken, unless another was
    taken before.
    Raises SetupError where nothing in the index satisfies a need.
    """
    providers: dict[str, list[str]] = {}
    for package in index.values():
        for virtual in package.provides:
            providers.setdefault(virtual, []).append(package.name)
    taken: dict[str, Package] = {}
    waiting: list[tuple[tuple[str, ...], str]] = [((name,), "phone-agent") for name in wanted]
    while waiting:
        group, needed_by = waiting.pop(0)
        names = [real for name in group for real in ([name] if name in index else sorted(providers.get(name, [])))]
        unwanted = any(fnmatchcase(name, pattern) for name in group for pattern in left_out)
        satisfied = unwanted or any(name in taken for name in names)
        if satisfied:
            continue
        if not names:
            raise SetupError(f"Debian's index has no package {' or '.join(group)}, which {needed_by} needs.")
        package = taken[names[0]] = index[names[0]]
        waiting += [(needed, package.name) for needed in package.depends]
    return sorted(taken.values(), key=lambda package: package.name)


def _package(stanza: Mapping[str, str]) -> Package:
    try:
        return Package(
            name=stanza["Package"],
            version=stanza["Version"],
            filename=stanza["Filename"].rpartition("/")[2],
            sha256=stanza["SHA256"],
            size=int(stanza["Size"]),
            installed_size=1024 * int(stanza.get("Installed-Size", "0")),
            depends=tuple(
                tuple(_names(group.split("|")))
                for field in ("Pre-Depends", "Depends")
                for group in stanza.get(field, "").split(",")
                if group.strip()
            ),
            provides=tuple(_names(stanza.get("Provides", "").split(","))),
        )
    except (KeyError, ValueError) as error:
        raise SetupError(f"Debian's package index is damaged at {stanza.get('Package', '?')}: {error}.") from error


def _names(relations: Iterable[str]) -> Iterable[str]:
    for relation in relations:
        if match := _NAME.match(relation):
            yield match[1]
