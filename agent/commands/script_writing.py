"""Has the running server write a script, waits for it, and puts it into a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
import yaml

from agent.commands.api_client import NOT_OURS, ApiClient, ServerError, key_for
from agent.domain.script import CallScript
from agent.domain.script_finding import Finding, passes
from agent.errors import ConfigurationError
from agent.settings import Settings

LOOK_S = 1.0
"""Between looks whether it is written."""


async def write_script(settings: Settings, url: str, body: Mapping[str, Any], out: Path) -> bool:
    """Whether it was written and can be approved. Raises ServerError, StoreError, ConfigurationError."""
    async with key_for(settings, "phone-agent scripts write") as key, ApiClient(url, key) as client:
        try:
            stored = await client.post("/v1/scripts", body)
        except ServerError as error:
            if error.code in NOT_OURS:
                raise
            typer.echo(f"phone-agent: {error}", err=True)
            return False
        typer.echo(f"{stored['id']}: the language model writes it, when no caller needs it.", err=True)
        while stored["status"] == "writing":
            await asyncio.sleep(LOOK_S)
            stored = await client.get(f"/v1/scripts/{stored['id']}")
    return _told(stored, out)


def _told(stored: Mapping[str, Any], out: Path) -> bool:
    findings = [Finding.model_validate(finding) for finding in stored["findings"]]
    for finding in findings:
        typer.echo(f"{finding.path}: {finding.severity.value}: {finding.message} ({finding.code.value})")
    if stored["script"] is None:
        typer.echo(f"phone-agent: it could not be written ({stored['error_code']}).", err=True)
        return False
    try:
        out.write_text(yaml_of(CallScript.model_validate(stored["script"])), "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}.") from error
    typer.echo(f"{out}: {'can be approved' if passes(findings) else 'cannot be approved yet'}")
    return passes(findings)


def yaml_of(script: CallScript) -> str:
    """The script as people write one: without what is as usual."""
    document = script.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
