"""One service of docker-compose.yml, run from an image that buildah built, for machines without a Docker engine."""

from __future__ import annotations

import asyncio
import json
import re
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from pathlib import Path
from typing import Any

import yaml

from agent.errors import SetupError

TOP = Path(__file__).resolve().parents[1]
LOOPBACK = "127.0.0.1"
STOP_S = 30


class Container:
    """Image, environment, user, memory file systems and rights are as written; the network is the host's."""

    def __init__(self, buildah: list[str], service: str, log: Path) -> None:
        self._buildah = buildah
        self._service: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text())["services"][service]
        self._name = ""
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def image(self) -> str:
        """Without its tag."""
        name: str = self._service["image"].partition(":")[0]
        return name

    @property
    def user(self) -> tuple[str, str]:
        """Number of user and group."""
        user, _, group = self._service["user"].partition(":")
        return user, group

    @property
    def process(self) -> asyncio.subprocess.Process:
        """Its main process. Raises SetupError before the start."""
        if self._process is None:
            raise SetupError(f"{self.image} was not started yet.")
        return self._process

    async def start(self, changes: dict[str, str], volumes: dict[str, tuple[Path, str]]) -> None:
        """Start the image's command. `changes` to the environment; `volumes`: place inside → folder, rw or ro."""
        self._name = (await self._said("from", "--pull=false", f"localhost/{self.image}")).strip()
        root = (await self._said("mount", self._name)).strip()
        config = json.loads(await self._said("inspect", self._name))["Docker"]["config"]
        environment = dict(variable.split("=", 1) for variable in config["Env"])
        composed: dict[str, str] = self._service["environment"]
        for name, value in composed.items():
            environment[name] = re.sub(r"\b(asterisk|agent)\.private\b", LOOPBACK, value)
        mounts = [part for inside, (folder, mode) in volumes.items() for part in ("bind", str(folder), inside, mode)]
        for memory in self._service["tmpfs"]:
            inside, _, options = memory.partition(":")
            mounts += ["tmpfs", inside, options]
        command = [*config["Entrypoint"], *(config["Cmd"] or [])]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                "unshare", "--mount", "--propagation", "private", str(TOP / ".ci/enter"), root, *self.user, *mounts,
                "--", *command, stdin=DEVNULL, stdout=log, stderr=log, env=environment | changes,
            )  # fmt: skip

    async def run(self, *command: str) -> int:
        """Run another command beside the main process, as `docker exec` would: its exit status."""
        user, group = self.user
        enter = ["nsenter", "--target", str(self.process.pid), "--mount", "--root", "--setuid", user, "--setgid", group]
        process = await asyncio.create_subprocess_exec(*enter, *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)
        await process.communicate()
        return process.returncode or 0

    def check_alive(self) -> None:
        """Raises SetupError with its last words if it has ended."""
        if self.process.returncode is not None:
            tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
            raise SetupError(f"{self.image} ended by itself:\n{tail}")

    async def stop(self) -> None:
        """SIGTERM as `docker stop` sends it, then take the container away. Raises SetupError if it had to be killed."""
        if self._process is None:
            return
        in_time = True
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_S)
            except TimeoutError:
                in_time = False
                self._process.kill()
                await self._process.wait()
        await self._said("rm", self._name)
        if not in_time:
            raise SetupError(f"{self.image} did not end within {STOP_S} s of SIGTERM.")

    async def _said(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(*self._buildah, *arguments, stdin=DEVNULL, stdout=PIPE)
        output, _ = await process.communicate()
        if process.returncode:
            raise SetupError(f"buildah {arguments[0]} failed; see above.")
        return output.decode()
