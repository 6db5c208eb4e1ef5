"""Makes the guide of a call that follows a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import structlog

from agent.dialog.journal import Journal
from agent.dialog.mind import LanguageModel
from agent.dialog.script.helper_model import HelperModel
from agent.dialog.script.script_guide import ScriptGuide
from agent.dialog.script.script_talk import ScriptTalk
from agent.dialog.switching import Switching
from agent.domain.agent import Agent
from agent.domain.call import Call
from agent.domain.commands import Command
from agent.domain.transfer import RequestedBy
from agent.domain.variables import Value
from agent.errors import TelephonyError

log = structlog.get_logger()


def script_guide(
    agent: Agent,
    call: Call,
    *,
    today: date,
    mind: LanguageModel,
    journal: Journal,
    switching: Switching | None = None,
    tell: Callable[[Command], None] = lambda _command: None,
) -> ScriptGuide | None:
    """Of an agent that has a script (see `agent.domain.scripted`); None where it has none.

    `today`: the day of the call where the callee is. `tell` gives the conversation a command.
    """
    script = agent.script
    if script is None:
        return None
    helper = HelperModel(mind, script, call=call.id, messages=journal.history.messages)
    return ScriptGuide(
        ScriptTalk(script, _variables(agent, call), today=today, helper=helper),
        farewell=agent.phrases.farewell,
        progressed=lambda progress: journal.script_progressed(call.briefing.script, progress),
        hand_over=None if switching is None else lambda name, words: _handed_over(agent, switching, name, words, tell),
    )


def script_opening(agent: Agent, call: Call, *, today: date) -> tuple[str, ...]:
    """What is said first in a call that follows a script, line by line; nothing where the agent has none."""
    if agent.script is None:
        return ()
    move = ScriptTalk(agent.script, _variables(agent, call), today=today).begin()
    return tuple(line.text for line in move.lines)


def _variables(agent: Agent, call: Call) -> dict[str, Value]:
    return {**agent.variables, **call.briefing.variables}


def _handed_over(
    agent: Agent, switching: Switching, name: str, announcement: str, tell: Callable[[Command], None]
) -> bool:
    """Whether the conversation will do it; the destination is one of the agent's, by its name."""
    destination = agent.call_control.destination(name)
    if destination is None:
        log.error("script.no_such_destination", destination=name)
        return False
    try:
        order = switching.transfer(destination, by=RequestedBy.SCRIPT)
        tell(replace(order, announcement=announcement))
    except TelephonyError as error:
        log.warning("script.cannot_hand_over", code=error.code, error=str(error))
        return False
    return True
