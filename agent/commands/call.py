"""`phone-agent call`: call somebody through the running server, and show the conversation as it goes."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from agent import configuration
from agent.commands.call_client import CallClient, ServerError
from agent.errors import ConfigurationError
from agent.settings import HttpSettings, Settings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from agent.store.migrate import migrate

KEY: Final = "PHONE_AGENT_KEY"
REFUSED: Final = 1
EXITS: Final = {"completed": 0, "busy": 3, "no-answer": 4, "canceled": 5, "failed": 6}
"""Exit status by that of the call."""
_ANY_ADDRESS: Final = {"0.0.0.0", "::", ""}  # noqa: S104 - compared, not bound
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
    body: dict[str, Any] = {"to": to, "ring_timeout_seconds": ring_timeout, "variables": _variables(variable or [])}
    body |= {name: value for name, value in {"agent": agent, "script_id": script, "from": from_}.items() if value}
    url = server or _url(settings.http)
    raise typer.Exit(asyncio.run(_run(settings, url, body, _Narrator(as_json=as_json))))


async def _run(settings: Settings, url: str, body: Mapping[str, Any], narrator: _Narrator) -> int:
    async with _key(settings) as key, CallClient(url, key) as client:
        try:
            ordered = await client.order(body)
        except ServerError as error:
            if error.code in {"server_unreachable", "server_error", "unauthenticated", "missing_scope"}:
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


@asynccontextmanager
async def _key(settings: Settings) -> AsyncIterator[str]:
    """Yours, or one for this call alone. Raises StoreError where the record cannot be reached to make one."""
    if given := os.environ.get(KEY, "").strip():
        yield given
        return
    store = Store.of(settings.store)
    try:
        await migrate(store)
        keys = ApiKeys(store)
        key, secret = await keys.create("phone-agent call", frozenset({Scope.READ, Scope.CALLS}), datetime.now(UTC))
        try:
            yield secret
        finally:
            await keys.revoke(key.id, datetime.now(UTC))
    finally:
        await store.close()


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


def _variables(given: list[str]) -> dict[str, str]:
    variables = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigurationError(f"--variable {text!r}: write NAME=VALUE.")
        variables[name] = value
    return variables


def _url(http: HttpSettings) -> str:
    if http.port == 0:
        raise ConfigurationError("http.port is 0, any free one; name the server by --server http://127.0.0.1:PORT.")
    host = "127.0.0.1" if http.bind in _ANY_ADDRESS else http.bind
    return f"http://[{host}]:{http.port}" if ":" in host else f"http://{host}:{http.port}"
