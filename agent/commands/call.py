"""`phone-agent call`: call somebody through the running server, and show the conversation as it goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from agent import configuration
from agent.commands.api_client import NOT_OURS, ServerError, key_for, pairs, server_url
from agent.commands.call_client import CallClient
from agent.settings import Settings

REFUSED: Final = 1
EXITS: Final = {"completed": 0, "busy": 3, "no-answer": 4, "canceled": 5, "failed": 6}
"""Exit status by that of the call."""
_SAID: Final = {
    "call.created": "in the queue",
    "call.ringing": "ringing",
    "call.answered": "answered",
    "call.opted_out": "does not want to be called again; the number is on the do-not-call list",
}


def call(
    to: Annotated[str, typer.Argument(help="The number, in E.164, such as +493012345678.")],
    agent: Annotated[str | None, typer.Option(help="Name of the agent that speaks.")] = None,
    script: Annotated[str | None, typer.Option(help="Id of an approved call script.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="The number to show; else the trunk's.")] = None,
    variable: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE: what {{NAME}} stands for in this call; may be repeated.")
    ] = None,
    ring_timeout: Annotated[float, typer.Option(help="Seconds that it may ring.")] = 30,
    server: Annotated[str | None, typer.Option(help="URL of the server's API; else as the configuration says.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as a line of JSON.")] = False,
) -> None:
    """Call somebody, and show the conversation as it goes. Ctrl-C hangs up.

    The key of the API is taken from PHONE_AGENT_KEY; without it one is made for this call, and revoked after it.

    Exit status 0: they talked; 1: refused; 2: not possible; 3: busy; 4: no answer; 5: canceled; 6: failed.
    """
    settings = configuration.load(config)
    body: dict[str, Any] = {"to": to, "ring_timeout_seconds": ring_timeout, "variables": pairs("--variable", variable)}
    body |= {name: value for name, value in {"agent": agent, "script_id": script, "from": from_}.items() if value}
    url = server or server_url(settings.http)
    raise typer.Exit(asyncio.run(_run(settings, url, body, _Narrator(as_json=as_json))))


async def _run(settings: Settings, url: str, body: Mapping[str, Any], narrator: _Narrator) -> int:
    async with key_for(settings, "phone-agent call") as key, CallClient(url, key) as client:
        try:
            ordered = await client.order(body)
        except ServerError as error:
            if error.code in NOT_OURS:
                raise
            typer.echo(f"phone-agent: {error}", err=True)
            return REFUSED
        status = "failed"
        try:
            async for event in client.follow(ordered["id"]):
                narrator.tell(event)
                status = event["data"].get("call", {}).get("status", status)
        except asyncio.CancelledError:
            with suppress(ServerError):  # it is over
                await client.hang_up(ordered["id"])
            raise
        return EXITS.get(status, EXITS["failed"])


class _Narrator:
    """Prints a call as it goes."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True)
        self._began: datetime | None = None

    def tell(self, event: Mapping[str, Any]) -> None:
        """Print an event, where it is one for people."""
        if self._as_json:
            typer.echo(json.dumps(event))
            return
        at = datetime.fromisoformat(event["timestamp"])
        self._began = self._began or at
        kind, data = event["type"], event["data"]
        if kind in _SAID:
            self._line(at, "", _SAID[kind], "dim")
        elif kind == "call.turn.completed":
            turn = data["turn"]
            cut = " … (interrupted)" if turn["interrupted"] else ""
            who, style = ("agent", "green") if turn["speaker"] == "agent" else ("callee", "cyan")
            self._line(at, who, f"{turn['text']}{cut}", style)
        elif kind == "call.tool.called":
            self._line(at, "tool", f"{data['tool_call']['name']}: {data['tool_call']['status']}", "magenta")
        elif kind == "call.rejected":
            self._line(at, "!", f"refused by a rule: {data['rule']}", "bold red")
        elif kind == "call.ended":
            ended = data["call"]
            sip = f", SIP {ended['sip_code']}" if ended.get("sip_code") else ""
            self._line(at, "", f"{ended['status']}: {ended['ended_reason']}{sip}", "dim")

    def _line(self, at: datetime, who: str, text: str, style: str) -> None:
        since = at - (self._began or at)
        clock = Text(f"{since // timedelta(minutes=1)}:{since.total_seconds() % 60:04.1f}", style="dim")
        name = Text(f"{who:>8}  ", style=f"bold {style}" if who else style)
        self._console.print(clock + name + Text(text, style="dim" if style == "dim" else ""))
