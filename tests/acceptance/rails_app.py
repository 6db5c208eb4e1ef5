"""The Rails application in `rails/`, run as a back end runs it: with its database, tasks, a web server and SIGKILL."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.workers.loopback import free_port

SOURCE = Path(__file__).parent / "rails"
STARTED = "Use Ctrl-C to stop"
DEADLINE_S = 60.0
"""For one step; a starved machine is given time."""
STOP_S = 10.0


class RailsApp:
    """A copy of the application in a folder of its own; a server of it can be started, killed and started again."""

    def __init__(self, folder: Path, *, api: str, key: str, secret: str) -> None:
        """`api`: where Phone Agent is, such as http://127.0.0.1:8080/v1/; `secret` is its `webhooks.secret`."""
        self.folder = copied(folder)
        self.port = free_port("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log: list[str] = []
        """What the server has printed, line by line, over all its lives."""
        self._env = environment() | {
            "RAILS_ENV": "production",
            "SECRET_KEY_BASE": os.urandom(64).hex(),
            "PORT": str(self.port),
            "PHONE_AGENT_URL": api,
            "PHONE_AGENT_KEY": key,
            "PHONE_AGENT_SECRETS": secret,
        }
        self._printed = asyncio.Event()
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None

    def rows(self, select: str, *values: str) -> list[tuple[Any, ...]]:
        """What it has in its database."""
        with closing(sqlite3.connect(self.folder / "db/production.sqlite3")) as database:
            return database.execute(select, values).fetchall()

    async def task(self, *names: str) -> str:
        """Run tasks, as in `bin/rails db:migrate`; what they printed."""
        done = await asyncio.to_thread(run, self.folder, *names, env=self._env)
        assert done.returncode == 0, done.stdout
        return done.stdout

    async def start(self) -> None:
        """Returns when it takes requests."""
        pidfile = self.folder / "tmp/server.pid"
        pidfile.unlink(missing_ok=True)  # of one that was killed
        since = len(self.log)
        self._process = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "TERM", "--", "bin/rails", "server", "-b", "127.0.0.1", "-P", pidfile,
            cwd=self.folder, env=self._env, stdin=DEVNULL, stdout=PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self._process), name="rails log")
        await self.logged(STARTED, since=since)

    async def kill(self) -> None:
        """It is gone at once, in whatever it was doing."""
        assert self._process is not None
        self._process.kill()
        await self._ended(self._process)

    async def stop(self) -> None:
        """End it, gracefully where it lets us; does nothing where none runs. The log is kept in `server.log`."""
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_S)
            except TimeoutError:
                process.kill()
            await self._ended(process)
        (self.folder / "server.log").write_text("\n".join(self.log), "utf-8")

    async def logged(self, *parts: str, since: int = 0) -> str:
        """The first line from number `since` on that holds all of this, as soon as it is there."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                self._printed.clear()
                if found := [line for line in self.log[since:] if all(part in line for part in parts)]:
                    return found[0]
                assert self._reading is not None
                assert not self._reading.done(), "\n".join(["Rails has ended:", *self.log[-20:]])
                await self._printed.wait()

    async def press_button(self, call_id: str, action: str, fields: Mapping[str, str]) -> str:
        """Fill in and send one form of a call's page, as a browser does; the page that follows."""
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
        async with aiohttp.ClientSession(self.url, cookie_jar=jar) as browser:
            async with browser.get(f"/calls/{call_id}") as shown:
                page = await shown.text()
                assert shown.status == 200, page
            path = f"/calls/{call_id}/{action}"
            form = page.partition(f'action="{path}"')[2].partition("</form>")[0]
            assert form, page
            hidden = {name: _field(form, name) for name in ("authenticity_token", "once")}
            async with browser.post(path, data={**hidden, **fields}) as answer:
                text = await answer.text()
                assert answer.status == 200, text
                return text

    async def get(self, path: str) -> Any:
        """A page's data as JSON."""
        async with aiohttp.ClientSession(self.url) as session, session.get(path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.log.append(line.decode(errors="replace").rstrip())
            self._printed.set()
        self._printed.set()

    async def _ended(self, process: Process) -> None:
        await process.wait()
        assert self._reading is not None
        await self._reading


def copied(folder: Path) -> Path:
    """The application in `folder`, where it may leave what it likes."""
    left_by_others = shutil.ignore_patterns("*.sqlite3*", "log", "tmp", "Gemfile.lock")
    return Path(shutil.copytree(SOURCE, folder / "rails", ignore=left_by_others))


def environment() -> dict[str, str]:
    """For Ruby from Debian's packages; fails the test, and says what to do, where they are not installed."""
    if missing := [program for program in ("ruby", "bundle", "puma") if shutil.which(program) is None]:
        pytest.fail(
            f"Rails is needed for these tests, from Debian's packages ({', '.join(missing)} not found); "
            "run `.ci/packages` as root."
        )
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("BUNDLE_", "GEM_", "RUBY", "RAILS_"))
    }
    return kept | {"LANG": "C.UTF-8", "BUNDLE_DISABLE_VERSION_CHECK": "true"}


def run(folder: Path, *arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`bin/rails …` to its end; both its outputs in one."""
    return subprocess.run(
        ["bin/rails", *arguments], cwd=folder, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, timeout=DEADLINE_S,
    )  # fmt: skip


def _field(form: str, name: str) -> str:
    """Value of a form's field; Rails writes name and value in any order."""
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attributes.get("name") == name:
            return unescape(attributes["value"])
    raise AssertionError(f"no field {name} in {form}")
