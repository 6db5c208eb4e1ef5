"""`phone-agent run`: an Asterisk of our own and the agent, for a softphone to dial in."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from agent import configuration
from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig, Trunk, new_password
from agent.asterisk.instance import AsteriskInstance
from agent.asterisk.render import write_private
from agent.errors import ConfigurationError, SetupError
from agent.ops import logs
from agent.rehearsal.environment import reaching
from agent.rehearsal.events import EventDict
from agent.rehearsal.server_process import ServerProcess
from agent.settings import LogSettings, OutboundSettings

SIP_PORT = 5060
PASSWORDS = ("ari-password", "ami-password", "phone-password")


def kept_passwords(folder: Path) -> dict[str, str]:
    """Name → password; made once and kept in files that their owner alone can read, so that a softphone stays known."""
    known = {path.name: path.read_text("utf-8").strip() for path in folder.glob("*-password")}
    made = {name: new_password() for name in PASSWORDS if not known.get(name)}
    write_private(folder, made)
    return {**known, **made}


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
    logs.configure(LogSettings(level="warning"))
    passwords = kept_passwords(folder.resolve() / "secrets")
    asterisk_config = replace(_asterisk_config(passwords, bind, sip_port), trunks=providers(settings.outbound))
    failure = asyncio.run(_run(asterisk_config, folder.resolve(), config, settings.agents.numbers))
    if failure:
        raise SetupError(failure)


def providers(settings: OutboundSettings) -> tuple[Trunk, ...]:
    """The lines whose endpoint is made from the configuration. Raises ConfigurationError."""
    return tuple(
        Trunk(
            trunk.endpoint,
            trunk.host,
            trunk.port,
            trunk.username,
            trunk.password.get_secret_value(),
            registers=trunk.registers,
            qualify_s=trunk.qualify_s,
            outside=True,
        )
        for trunk in settings.trunks.values()
        if trunk.host
    )


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


def _asterisk_config(passwords: Mapping[str, str], bind: str, sip_port: int) -> AsteriskConfig:
    return AsteriskConfig(
        sip_bind=bind,
        sip_port=sip_port or (SIP_PORT if _is_free(bind, SIP_PORT) else 0),
        ari_password=passwords["ari-password"],
        ami_password=passwords["ami-password"],
        phone_password=passwords["phone-password"],
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
            env=reaching(asterisk, folder / "secrets"),
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
