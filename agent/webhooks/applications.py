"""Whether those who are asked in mid-call can be: a URL that is known, and a secret to sign with."""

from __future__ import annotations

from collections.abc import Iterable

from agent.domain.agent import Agent
from agent.errors import ConfigurationError, WebhookError
from agent.settings import WebhooksSettings
from agent.webhooks.connector import Targets


async def check_asked(url: str, settings: WebhooksSettings, targets: Targets) -> None:
    """Whether a URL may be asked. Raises WebhookError, TargetError among them."""
    if not settings.secrets:
        raise WebhookError(
            "There is no secret to sign with; set webhooks.secret in the configuration.", code="no_signing_secret"
        )
    await targets.check(url)


async def check_tools(agent: Agent, settings: WebhooksSettings, targets: Targets) -> None:
    """Whether all tools of an agent can be asked for. Raises WebhookError that names the first one that cannot."""
    for tool in agent.tools:
        if tool.http is not None:
            await targets.check(tool.http.address(dict.fromkeys(tool.http.places, "x")))
            continue
        url = tool.url or settings.tool_url
        if not url:
            raise WebhookError(
                f"The tool {tool.name} has no url, and webhooks.tool_url is not set.", code="tool_without_url"
            )
        await check_asked(url, settings, targets)


def check_configuration(settings: WebhooksSettings, agents: Iterable[Agent]) -> None:
    """What needs no look at the network. Raises ConfigurationError."""
    asks = [key for key in ("lookup_url", "tool_url") if getattr(settings, key)]
    for agent in agents:
        for tool in agent.tools:
            if tool.http is not None:
                continue
            if not (tool.url or settings.tool_url):
                raise ConfigurationError(
                    f"The tool {tool.name} of the agent {agent.name} has no url: give it one, or set webhooks.tool_url."
                )
            asks.append(f"the tool {tool.name} of the agent {agent.name}")
    if asks and not settings.secrets:
        raise ConfigurationError(
            f"webhooks.secret is needed for {asks[0]}: requests are signed with it. Make one with "
            '`echo "whsec_$(head -c 32 /dev/urandom | base64)"`.'
        )
