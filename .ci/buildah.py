"""One image's process, run by buildah: for machines without a Docker engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil

from agent.errors import SetupError


class Container:
    """One image's process, run by buildah as the image's user, on this host's network."""

    def __init__(self, buildah: list[str], image: str, uid: int, log: Path) -> None:
        self._buildah = buildah
        self._image = image
        self._uid = uid
        self._log = log
        self._name = ""
        self._options: list[str] = []
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, environment: dict[str, str], volumes: dict[Path, str], command: list[str]) -> None:
        """Make the container and start its process."""
        self._name = (await self._said("from", "--pull=false", f"localhost/{self._image}")).strip()
        mounts = [part for here, there in volumes.items() for part in ("--volume", f"{here}:{there}")]
        variables = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
        self._options = ["run", "--isolation", "chroot", "--network", "host", *mounts, *variables, self._name, "--"]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._buildah, *self._options, *command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )

    async def run(self, *command: str) -> tuple[int, str]:
        """Run another command in it, as its user: exit status and output."""
        process = await asyncio.create_subprocess_exec(
            *self._buildah,
            *self._options,
            *command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    @property
    def process(self) -> asyncio.subprocess.Process:
        """Of buildah. Raises SetupError before the start."""
        if self._process is None:
            raise SetupError(f"{self._image} was not started yet.")
        return self._process

    @property
    def main(self) -> psutil.Process | None:
        """Its own main process; None: it has ended, or not begun."""
        try:
            below = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return None
        ours = [p for p in below if p.uids().real == self._uid and not p.cmdline()[0].startswith("buildah")]
        return ours[0] if ours else None

    def check_alive(self) -> None:
        """Raises SetupError with its last words if it has ended."""
        if self.process.returncode is not None:
            tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
            raise SetupError(f"{self._image} ended by itself:\n{tail}")

    async def stop(self) -> None:
        """SIGTERM to its main process, as `docker stop` would, and take the container away."""
        if self._process is None:
            return
        if main := self.main:
            main.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), 30)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._said("rm", self._name)

    async def _said(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(*self._buildah, *arguments, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        if process.returncode:
            raise SetupError(f"buildah {arguments[0]} failed; see above.")
        return output.decode()
