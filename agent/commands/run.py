"""`phone-agent run`: an Asterisk of our own and the agent, for a softphone to dial in."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from agent import configuration
from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig, new_password
from agent.asterisk.instance import AsteriskInstance
from agent.asterisk.render import write_private
from agent.errors import ConfigurationError, SetupError
from agent.rehearsal.events import EventDict
from agent.rehearsal.server_process import ServerProcess

SIP_PORT = 5060
_SECRETS = ("ari-password", "ami-password", "phone-password")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Files with the passwords of this folder's Asterisk: made once, so that a softphone stays registered."""

    folder: Path

    @classmethod
    def ensure(cls, folder: Path) -> Secrets:
        """Make the passwords that are not there yet, readable by their owner alone."""
        missing = [name for name in _SECRETS if not (folder / name).is_file()]
        write_private(folder, {name: new_password() for name in missing})
        return cls(folder)

    def path(self, name: str) -> Path:
        """Of the file, such as `ari-password`."""
        return self.folder / name

    def read(self, name: str) -> str:
        """The password."""
        return self.path(name).read_text("utf-8").strip()


def run(
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")] = None,
    bind: Annotated[
        str, typer.Option(help="Address for telephones; 0.0.0.0 lets in those on other machines.")
    ] = "127.0.0.1",
    sip_port: Annotated[int, typer.Option(help=f"0: {SIP_PORT}, or any free port where that is taken.")] = 0,
    folder: Annotated[Path, typer.Option(help="For passwords, logs and Asterisk's own files.")] = Path("var/run"),
) -> None:
    """Start Asterisk and the agent, tell how to dial in, and print what is said until Ctrl-C."""
    settings = configuration.load(config)
    asterisk_config = _asterisk_config(Secrets.ensure(folder.resolve() / "secrets"), bind, sip_port)
    failure = asyncio.run(_run(asterisk_config, folder.resolve(), config, settings.agents.numbers))
    if failure:
        raise SetupError(failure)


def child_environment(
    config: AsteriskConfig, ari_url: str, secrets: Secrets, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The environment in which `phone-agent serve` finds this Asterisk, whatever the configuration file says."""
    section = "PHONE_AGENT_ASTERISK__"
    return {
        **environ,
        f"{section}ARI_URL": ari_url,
        f"{section}ARI_USER": config.ari_user,
        f"{section}ARI_PASSWORD": "",
        f"{section}ARI_PASSWORD_FILE": str(secrets.path("ari-password")),
        f"{section}APP": config.app,
        f"{section}AMI_HOST": "127.0.0.1",
        f"{section}AMI_PORT": str(config.ami_port),
        f"{section}AMI_USER": config.ami_user,
        f"{section}AMI_PASSWORD": "",
        f"{section}AMI_PASSWORD_FILE": str(secrets.path("ami-password")),
    }


def invitation(config: AsteriskConfig, numbers: Mapping[str, str], addresses: list[str]) -> str:
    """What a person enters into a softphone, and what to dial."""
    servers = " or ".join(f"{address}:{config.sip_port}" for address in addresses)
    return "\n".join(
        [
            "",
            "Ready. Register a softphone:",
            f"  server    {servers}   (UDP or TCP)",
            f"  user      {config.phone_user}",
            f"  password  {config.phone_password}",
            *(f"Then dial {number} and talk to the agent {name}." for number, name in numbers.items()),
            "Ctrl-C ends both.",
            "",
        ]
    )


def line_for(event: EventDict) -> str | None:
    """What a person wants to read of an event; None: nothing."""
    match event["type"]:
        case "call.changed":
            call = event["call"]
            reason = f" ({call['ended_reason']})" if call["ended_reason"] else ""
            return f"-- call from {call['caller'] or 'unknown'} to {call['callee']}: {call['status']}{reason}"
        case "turn.ended":
            turn = event["turn"]
            return f"{turn['speaker']:>8}: {turn['text']}{' ...' if turn['interrupted'] else ''}"
        case "call.trouble":
            return f"-- trouble: {event['message']}"
        case _:
            return None


def _asterisk_config(secrets: Secrets, bind: str, sip_port: int) -> AsteriskConfig:
    return AsteriskConfig(
        sip_bind=bind,
        sip_port=sip_port or (SIP_PORT if _is_free(bind, SIP_PORT) else 0),
        ari_password=secrets.read("ari-password"),
        ami_password=secrets.read("ami-password"),
        phone_password=secrets.read("phone-password"),
    )


async def _run(asterisk_config: AsteriskConfig, folder: Path, config: Path | None, numbers: Mapping[str, str]) -> str:
    """Returns why it ended; empty where somebody asked for it."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        prefix = await asyncio.to_thread(bundle, "asterisk", typer.echo)
        typer.echo("Starting Asterisk")
        asterisk = AsteriskInstance(prefix, asterisk_config, folder / "asterisk")
        await asterisk.start()
        stack.push_async_callback(asterisk.stop)
        typer.echo("Starting the agent: its models are loaded")
        server = ServerProcess(
            [sys.executable, "-m", "agent", "serve", *(["--config", str(config)] if config else [])],
            env=child_environment(asterisk.config, asterisk.ari_url, Secrets(folder / "secrets")),
            log=folder / "agent.log",
        )
        stack.push_async_callback(server.stop)
        stopped = asyncio.create_task(stop.wait())
        stack.callback(stopped.cancel)
        starting = asyncio.create_task(server.start())
        stack.callback(starting.cancel)
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            return ""
        await starting
        stack.enter_context(server.feed.listening(_print_line))
        typer.echo(invitation(asterisk.config, numbers, _addresses(asterisk.config.sip_bind)))
        served = asyncio.create_task(server.wait())
        stack.callback(served.cancel)
        ends: list[asyncio.Future[Any]] = [stopped, served, asyncio.shield(asterisk.exited)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            typer.echo("Stopping: calls under way may say goodbye")
            return ""
        if served.done():
            return f"The agent ended by itself (status {served.result()}); see {folder / 'agent.log'}."
        return f"Asterisk ended by itself; see {asterisk.log_path}."


def _print_line(event: EventDict) -> None:
    if line := line_for(event):
        typer.echo(line)


def _addresses(bind: str) -> list[str]:
    if bind != "0.0.0.0":  # noqa: S104 - compared, not bound
        return [bind]
    return [
        address.address
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if address.family is socket.AF_INET and name != "lo"
    ] or ["127.0.0.1"]


def _is_free(host: str, port: int) -> bool:
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind is socket.SOCK_STREAM))
                sock.bind((host, port))
    except OverflowError as error:
        raise ConfigurationError(f"{port} is no port.") from error
    except OSError:
        return False
    return True
