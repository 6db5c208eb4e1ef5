"""The cache of unpacked bundles: filled from the mirror, whole or not at all."""

from __future__ import annotations

import fcntl
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.asterisk import lock
from agent.asterisk.apt import Apt
from agent.asterisk.bundle_specs import SUITE, BundleSpec
from agent.asterisk.mirror import keyring, mirror
from agent.asterisk.packages import Package, closure
from agent.asterisk.prefix import Prefix
from agent.asterisk.render import modules
from agent.asterisk.unpack import sha256, unpack
from agent.errors import SetupError
from agent.resources import shipped

Progress = Callable[[str], None]
_LAYOUT = 1
"""Count up when the same packages are to be unpacked otherwise, so that caches made before are not used."""
_STAMP = "packages.json"
_SPARE_BYTES = 200_000_000
"""For apt's lists and for all that others write meanwhile."""


def quiet(_: str) -> None:
    """Progress that nobody wants to see."""


@dataclass(frozen=True)
class BundleStore:
    """Unpacked bundles in one folder. Several processes may use it at once."""

    folder: Path
    pins: Sequence[lock.Pin]
    architecture: str
    """Debian's name of it."""
    suite: str = SUITE
    find_mirror: Callable[[], str] = mirror
    """Asked only when something has to be fetched."""
    find_keyring: Callable[[], Path | None] = keyring
    retries: int = 3

    def obtain(self, specs: Sequence[BundleSpec], progress: Progress = quiet) -> dict[str, Path]:
        """Name → folder of each; what is missing is fetched first. Raises SetupError with what to do."""
        if self._missing(specs):
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                with _alone(self.folder / "lock", progress):
                    self._fetch(self._missing(specs), progress)  # asked again: another process may have fetched it
            except OSError as error:
                raise SetupError(
                    f"{self.folder} cannot be written ({error.strerror}); make room there, or set XDG_CACHE_HOME to "
                    "another folder."
                ) from error
        return {spec.name: self.path(spec) for spec in specs}

    def path(self, spec: BundleSpec) -> Path:
        """Where the bundle is, or will be. The name tells which packages were asked for."""
        return self.folder / f"{spec.name}-{self.architecture}-{lock.fingerprint(self._pins(spec))}-{_LAYOUT}"

    def _pins(self, spec: BundleSpec) -> list[lock.Pin]:
        return [pin for pin in self.pins if (pin.bundle, pin.architecture) == (spec.name, self.architecture)]

    def _missing(self, specs: Sequence[BundleSpec]) -> list[BundleSpec]:
        return [spec for spec in specs if not (self.path(spec) / _STAMP).exists()]

    def _fetch(self, specs: Sequence[BundleSpec], progress: Progress) -> None:
        if not specs:
            return
        for abandoned in self.folder.glob("*.part"):
            shutil.rmtree(abandoned, ignore_errors=True)
        source = (self.find_mirror(), self.suite, self.architecture, self.find_keyring(), self.retries)
        apt = Apt(self.folder / "apt", *source)
        progress(f"Reading the package index of Debian {self.suite}")
        apt.update()
        index = apt.index()
        for spec in specs:
            self._fetch_one(spec, apt, index, _titled(progress, spec.title))
        shutil.rmtree(apt.folder, ignore_errors=True)
        shutil.rmtree(self._downloads, ignore_errors=True)

    def _fetch_one(self, spec: BundleSpec, apt: Apt, index: Mapping[str, Package], progress: Progress) -> None:
        packages = closure(index, spec.packages, spec.left_out)
        _check_version(spec, index)
        if moved := lock.moved_on(self._pins(spec), packages):
            more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""
            progress(f"Debian has moved on since this was tried; taking {', '.join(moved[:3])}{more}")
        self._check_space(packages)
        progress(f"fetching {len(packages)} packages, {sum(p.size for p in packages) / 1e6:.1f} MB")
        archives = _download(apt, packages, self._downloads, progress)
        progress("unpacking")
        staging = Path(tempfile.mkdtemp(prefix=f"{spec.name}-", suffix=".part", dir=self.folder))
        try:
            staging.chmod(0o755)
            unpack(archives, staging, spec.exclude)
            for link, target in spec.links:
                (staging / link).symlink_to(target)
            _check_libraries(spec, Prefix(staging))
            taken = [{"name": p.name, "version": p.version, "sha256": p.sha256} for p in packages]
            (staging / _STAMP).write_text(json.dumps({"bundle": spec.name, "packages": taken}, indent=1), "utf-8")
            staging.rename(self.path(spec))
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    @property
    def _downloads(self) -> Path:
        return self.folder / "downloads"

    def _check_space(self, packages: Sequence[Package]) -> None:
        needed = sum(package.size + package.installed_size for package in packages) + _SPARE_BYTES
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise SetupError(
                f"{self.folder} needs {needed / 1e6:.0f} MB of disk and has {free / 1e6:.0f}; make room there, or set "
                "XDG_CACHE_HOME to a folder on a larger disk.",
                code="disk_full",
            )


def _titled(progress: Progress, title: str) -> Progress:
    return lambda line: progress(f"{title}: {line}")


@contextmanager
def _alone(path: Path, progress: Progress) -> Iterator[None]:
    """Hold a lock file; it is let go even by a process that is killed."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Waiting for another phone-agent that is fetching the same")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(apt: Apt, packages: Sequence[Package], into: Path, progress: Progress) -> list[Path]:
    """The archives, verified. What an earlier try left is used if it is good, completed if it is short."""
    for last_try in (False, True):
        wrong = [package for package in packages if not _is_good(package, into)]
        for package in wrong:
            path = into / package.filename
            damaged = path.exists() and (last_try or path.stat().st_size >= package.size)
            if damaged:
                progress(f"{package.filename} is damaged, fetching it again")
                path.unlink()
        try:
            apt.download(wrong, into, progress)
            break
        except SetupError as error:
            if last_try or error.code != "bad_checksum":
                raise
    for package in packages:
        if not _is_good(package, into):
            raise SetupError(
                f"{package.filename} of {apt.mirror} is not what its index says; try again, or use another mirror.",
                code="bad_checksum",
            )
    return [into / package.filename for package in packages]


def _is_good(package: Package, folder: Path) -> bool:
    path = folder / package.filename
    return path.exists() and path.stat().st_size == package.size and sha256(path) == package.sha256


def _check_version(spec: BundleSpec, index: Mapping[str, Package]) -> None:
    name, wanted = spec.version
    if not name:
        return
    version = index[name].version
    if not version.rpartition(":")[2].startswith(wanted):
        raise SetupError(
            f"Debian {SUITE} now has {name} {version}, and this phone-agent needs {wanted}x; use a newer phone-agent.",
            code="asterisk_version",
        )


def _check_libraries(spec: BundleSpec, prefix: Prefix) -> None:
    """Every program and module that is going to be used must find its libraries; a wrong `left_out` shows here."""
    binaries = [prefix.root / spec.program] if spec.program else []
    if spec.modules:
        folder = prefix.libraries / spec.modules
        binaries += [folder / name for name in modules(shipped("asterisk-config"))]
    for binary in binaries:
        if missing := prefix.missing_libraries(binary):
            raise SetupError(f"{spec.title} of Debian {SUITE} lacks {', '.join(missing)}, which {binary.name} needs.")
