"""What every test must leave behind: no task, no socket, no process, and logging as it was."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import psutil
import pytest
import pytest_asyncio
import structlog
from hypothesis import settings

settings.register_profile("ci", derandomize=True)  # CI judges a change, not the luck of its draws; developers draw anew
if os.environ.get("CI"):
    settings.load_profile("ci")


SECOND_CHANCE = 1
"""Of a test with real processes: on two cores that others use as well, a telephone may be late by itself. The summary
names every test that needed it; one that fails twice has failed."""


LAST_RESORT_S = 60.0
"""Beyond the timeouts of both attempts."""


def _give_up() -> None:
    """Not even a timeout ends the test, as where a loop that closes waits for what was cancelled with it."""
    faulthandler.dump_traceback(2)
    os._exit(1)  # the worker has crashed, as xdist sees it: the test has failed, and another worker goes on


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if "tests/unit" in item.path.as_posix():
        return (yield)
    marker = item.get_closest_marker("timeout")
    timeout_s = float(marker.args[0] if marker is not None and marker.args else item.config.getini("timeout"))
    timer = threading.Timer(2 * timeout_s + LAST_RESORT_S, _give_up)
    timer.daemon = True
    timer.start()
    try:
        return (yield)
    finally:
        timer.cancel()


class FailuresAtOnce:
    """Prints a failure when it comes, not at the end of a long run that may never reach it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest, with workers in the process that collects their reports."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None and report.outcome in {"failed", "rerun"}:
            terminal.write_line(f"\n{report.outcome} {report.nodeid} ({report.when})\n{report.longreprtext[-4000:]}")


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("CI"):
        config.pluginmanager.register(FailuresAtOnce(config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if os.environ.get("CI") and "tests/unit" not in item.path.as_posix():
            item.add_marker(pytest.mark.flaky(reruns=SECOND_CHANCE))


TURNS_TO_END = 100
"""Of the event loop, for a connection whose other end has just gone: its task ends when the kernel has told."""


def _sockets() -> dict[int, str]:
    """Open sockets of this process by descriptor, with what they are connected to."""
    return {
        one.fd: f"{one.type.name} {one.laddr} {one.raddr} {one.status}"
        for one in psutil.Process().net_connections(kind="all")
        if one.fd != -1
    }


def _children() -> Counter[str]:
    """Descendants by their command: one that was started again in place of another is the same.

    The canary of an Asterisk is not looked at: it has the number of its Asterisk in its command, and dies with it.
    """
    commands: Counter[str] = Counter()
    for child in psutil.Process().children(recursive=True):
        try:
            command = " ".join(child.cmdline())
            if child.status() != psutil.STATUS_ZOMBIE and "astcanary" not in command:
                commands[command] += 1
        except psutil.NoSuchProcess:
            continue
    return commands


@pytest.fixture(autouse=True)
def _own_data_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a database goes that nobody has told where to be."""
    if "tests/unit" not in str(request.path):
        monkeypatch.setenv("XDG_DATA_HOME", str(request.getfixturevalue("tmp_path")))


@pytest.fixture(autouse=True)
def _no_leaked_sockets_or_processes(request: pytest.FixtureRequest) -> Iterator[None]:
    if "tests/unit" in str(request.path):  # pure logic: nothing to leak, and many thousands of cases
        yield
        return
    sockets, children = _sockets(), _children()
    yield
    left = {fd: what for fd, what in _sockets().items() if fd not in sockets}
    assert not left, f"leaked sockets: {left}"
    assert not (_children() - children), f"leaked processes: {_children() - children}"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    configuration, handlers, level = structlog.get_config(), root.handlers[:], root.level
    yield
    structlog.configure(**configuration)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest_asyncio.fixture(autouse=True)
async def _no_leaked_tasks() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    for _ in range(TURNS_TO_END):
        left = {t for t in asyncio.all_tasks() - before if t is not asyncio.current_task() and not t.done()}
        if not left:
            return
        await asyncio.sleep(0)
    pytest.fail(f"leaked tasks: {left}")
