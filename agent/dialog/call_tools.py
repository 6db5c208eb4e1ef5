"""What the model may do with the call itself: hand it over, end it, press keys, let the caller wait.

They stand beside the application's tools, and only those that the agent's settings name are there. The model names a
destination, never a number: what it writes becomes no part of what is dialled.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from agent.dialog.switching import Switching
from agent.domain.agent import Agent
from agent.domain.call import Call
from agent.domain.call_control import CallTool
from agent.domain.commands import Command, EndCall
from agent.domain.tool_calls import ToolAnswer
from agent.domain.tools import Tool
from agent.domain.transfer import RequestedBy
from agent.errors import PhoneAgentError, TelephonyError

LONGEST_HOLD_S = 120
_NOTHING: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


def call_tools(agent: Agent) -> tuple[Tool, ...]:
    """Those that this agent's model may use."""
    return tuple(_described(agent, tool) for tool in agent.call_control.offered)


def _described(agent: Agent, tool: CallTool) -> Tool:
    match tool:
        case CallTool.TRANSFER:
            known = agent.call_control.destinations
            listed = "; ".join(f"{destination.name}: {destination.description}" for destination in known)
            return Tool(
                name=tool,
                description=f"Connects the caller with somebody else on the telephone. Destinations: {listed}"[:1000],
                parameters=_object(destination={"type": "string", "enum": [destination.name for destination in known]}),
            )
        case CallTool.END:
            return Tool(
                name=tool,
                description="Ends the call. Use it when the caller has said goodbye or wants nothing more.",
                parameters=_NOTHING,
            )
        case CallTool.PRESS_KEYS:
            return Tool(
                name=tool,
                description="Presses keys of the telephone, as for a machine's menu: press 2 for sales.",
                parameters=_object(keys={"type": "string", "pattern": r"^[0-9*#]{1,32}(?!\n)$"}),
            )
        case CallTool.HOLD:
            seconds = {"type": "integer", "minimum": 5, "maximum": LONGEST_HOLD_S}
            return Tool(
                name=tool,
                description="Lets the caller wait with music for some seconds.",
                parameters=_object(seconds=seconds),
            )


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


class CallDeeds:
    """Does what the model wants done with one call."""

    def __init__(
        self,
        agent: Agent,
        *,
        switching: Switching | None,
        press: Callable[[str], Awaitable[None]] | None,
        tell: Callable[[Command], None],
    ) -> None:
        """`tell` gives the conversation a command."""
        self._agent = agent
        self._switching = switching
        self._press = press
        self._tell = tell

    async def do(self, tool: CallTool, arguments: Mapping[str, Any], *, said: str) -> ToolAnswer:
        """Do it, after the model has `said` this. Raises PhoneAgentError.

        What takes the caller elsewhere or ends the call is done by the conversation, once this turn is over.
        """
        control = self._agent.call_control
        match tool:
            case CallTool.TRANSFER:
                destination = control.destination(arguments["destination"])
                if destination is None:
                    return ToolAnswer(error="there is no such destination")
                self._tell(self._line().transfer(destination, by=RequestedBy.MODEL))
                return ToolAnswer("the caller is being connected")
            case CallTool.END:
                self._tell(EndCall("" if said else self._agent.phrases.farewell))
                return ToolAnswer("the call ends")
            case CallTool.HOLD:
                self._tell(self._line().hold(announced_by=control.please_hold, limit_s=float(arguments["seconds"])))
                return ToolAnswer("the caller is on hold")
            case CallTool.PRESS_KEYS:
                if self._press is None:
                    raise PhoneAgentError("Keys cannot be pressed here.", code="tool_unavailable")
                await self._press(arguments["keys"])
                return ToolAnswer("pressed")

    def _line(self) -> Switching:
        if self._switching is None:
            raise PhoneAgentError("Callers cannot be taken elsewhere here.", code="tool_unavailable")
        return self._switching


class CallToolRunner:
    """A ToolRunner for one use of a call tool."""

    def __init__(self, deeds: CallDeeds, *, said: str) -> None:
        """`said`: what the caller heard of the turn before."""
        self._deeds = deeds
        self._said = said

    async def run(self, call: Call, tool: Tool, use_id: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        """See ToolRunner."""
        del call, use_id
        try:
            return await self._deeds.do(CallTool(tool.name), arguments, said=self._said)
        except TelephonyError as error:
            return ToolAnswer(error=str(error))
