"""A real Asterisk: started, asked, stopped, killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import stat
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from agent.asterisk import instance as instance_module
from agent.asterisk.config import AsteriskConfig, Trunk
from agent.asterisk.instance import AsteriskInstance
from agent.asterisk.ports import with_free_ports
from agent.asterisk.render import modules
from agent.errors import ConfigurationError, SetupError
from agent.resources import shipped


def complaints(instance: AsteriskInstance) -> list[str]:
    return [line for line in instance.log_path.read_text().splitlines() if "ERROR[" in line or "WARNING[" in line]


async def gone(pid: int) -> None:
    """Until the process has ended; the kernel tells."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(handle, ended.set)
        try:
            await ended.wait()
        finally:
            asyncio.get_running_loop().remove_reader(handle)
            os.close(handle)


async def test_two_at_once_boot_without_a_complaint_and_with_all_modules(prefix: Path, tmp_path: Path) -> None:
    line = Trunk("line", "127.0.0.1", 9, "someone")
    first = AsteriskInstance(prefix, AsteriskConfig(insecure_callers=True, trunks=(line,)), tmp_path / "1")
    second = AsteriskInstance(prefix, AsteriskConfig(), tmp_path / "2")
    try:
        await asyncio.gather(first.start(), second.start())
        for instance in (first, second):
            answer = await instance.rx("module show")
            running = {row.split()[0] for row in answer.splitlines() if ".so" in row and " Running " in row}
            assert running == set(modules(shipped("asterisk-config")))
            assert complaints(instance) == []
        assert "line/sip:127.0.0.1:9" in await first.rx("pjsip show registrations")
        assert not {first.config.sip_port, first.config.ari_port, first.config.ami_port} & {
            *(second.config.sip_port, second.config.ari_port, second.config.ami_port)
        }
    finally:
        await asyncio.gather(first.stop(), second.stop())


@pytest.mark.skipif(os.geteuid() != 0, reason="Asterisk asks for real time where it runs as root")
async def test_its_canary_runs_and_dies_with_it(asterisk: AsteriskInstance) -> None:
    """Without it Asterisk takes two minutes to give up its real-time priority; then models hold up its frames."""
    tweet = asterisk.sockets / "alt.asterisk.canary.tweet.tweet.tweet"
    while not tweet.exists():  # noqa: ASYNC110 -- another process makes it, and tells nobody
        await asyncio.sleep(0)
    children = psutil.Process(asterisk.pid).children()
    [canary] = [child for child in children if "usr/sbin/astcanary" in str(child.cmdline())]
    await asterisk.kill()
    await gone(canary.pid)


async def test_stop_leaves_no_process_and_says_so(asterisk: AsteriskInstance) -> None:
    pid, exited = asterisk.pid, asterisk.exited
    await asterisk.stop()
    assert await exited == 0
    assert not psutil.pid_exists(pid)
    with pytest.raises(SetupError, match="not running"):
        await asterisk.rx("core show version")
    await asterisk.stop()


async def test_kill_ends_it_at_once(asterisk: AsteriskInstance) -> None:
    exited = asterisk.exited
    await asterisk.kill()
    assert await exited == -signal.SIGKILL


async def test_a_crash_is_told_and_it_can_be_started_again_on_the_same_ports(asterisk: AsteriskInstance) -> None:
    before, pid = asterisk.config, asterisk.pid
    os.kill(pid, signal.SIGKILL)
    assert await asyncio.shield(asterisk.exited) == -signal.SIGKILL
    await asterisk.start()
    assert asterisk.config == before
    assert asterisk.pid != pid


async def test_restart_keeps_ports_and_passwords(asterisk: AsteriskInstance) -> None:
    before = asterisk.config
    await asterisk.restart()
    assert asterisk.config == before
    assert "Asterisk 22." in await asterisk.rx("core show version")


async def test_it_cannot_be_started_twice(asterisk: AsteriskInstance) -> None:
    with pytest.raises(SetupError, match="running already"):
        await asterisk.start()


async def test_it_dies_with_the_process_that_started_it(prefix: Path, tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from agent.asterisk.config import AsteriskConfig\nfrom agent.asterisk.instance import AsteriskInstance\n"
        "async def main():\n"
        "    instance = AsteriskInstance(Path(sys.argv[1]), AsteriskConfig(), Path(sys.argv[2]))\n"
        "    await instance.start()\n"
        "    print('pid', instance.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(prefix), str(tmp_path / "run"), stdout=asyncio.subprocess.PIPE
    )
    assert starter.stdout is not None
    line = b""
    while not line.startswith(b"pid "):
        line = await starter.stdout.readline()
        assert line, "the starter ended before Asterisk was up"
    pid = int(line.split()[1])
    assert psutil.pid_exists(pid)
    starter.kill()
    await starter.wait()
    await gone(pid)


async def test_nobody_else_can_read_what_it_keeps(asterisk: AsteriskInstance) -> None:
    run_dir = asterisk.log_path.parents[1]
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700
    files = list((run_dir / "etc").rglob("*.conf"))
    assert files
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def test_passwords_are_in_no_command_line(asterisk: AsteriskInstance) -> None:
    words = " ".join(psutil.Process(asterisk.pid).cmdline() + list(psutil.Process(asterisk.pid).environ().values()))
    config = asterisk.config
    assert not [p for p in (config.ari_password, config.ami_password, config.phone_password) if p in words]
    assert config.ari_password not in repr(config)


@pytest.mark.parametrize("key", ["ari_port", "ami_port", "sip_port"])
async def test_a_configured_port_that_is_taken_is_named_with_its_key(prefix: Path, tmp_path: Path, key: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        instance = AsteriskInstance(prefix, replace(AsteriskConfig(), **{key: port}), tmp_path)
        with pytest.raises(ConfigurationError, match=f"port {port} on 127.0.0.1.*change {key}") as caught:
            await instance.start()
    assert caught.value.code == "port_taken"


async def test_a_free_port_that_gets_lost_is_replaced(
    prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        lost = other.getsockname()[1]
        taken = iter([lost])

        def too_late(config: AsteriskConfig) -> AsteriskConfig:
            chosen = with_free_ports(config)
            return replace(chosen, ari_port=next(taken, chosen.ari_port))

        monkeypatch.setattr(instance_module, "with_free_ports", too_late)
        instance = AsteriskInstance(prefix, AsteriskConfig(), tmp_path)
        await instance.start()
        try:
            assert instance.config.ari_port != lost
        finally:
            await instance.stop()


async def test_a_long_folder_name_is_no_obstacle(prefix: Path, tmp_path: Path) -> None:
    instance = AsteriskInstance(prefix, AsteriskConfig(), tmp_path / ("long" * 25))
    await instance.start()
    sockets = instance.sockets
    try:
        assert "Asterisk 22." in await instance.rx("core show version")
        assert not sockets.is_relative_to(tmp_path)
        os.kill(instance.pid, signal.SIGKILL)
        await asyncio.shield(instance.exited)
        await instance.start()
        assert not sockets.exists()
    finally:
        await instance.stop()
    assert not instance.sockets.exists()


async def test_an_asterisk_that_cannot_start_says_where_to_look(tmp_path: Path) -> None:
    instance = AsteriskInstance(tmp_path / "no-such-prefix", AsteriskConfig(), tmp_path / "run")
    with pytest.raises(SetupError, match=r"ended while it started \(status 127\); see .*console\.log"):
        await instance.start()
    assert "No such file" in instance.log_path.read_text()
