"""Makes the guide of a call that follows a script."""

from __future__ import annotations

from datetime import date

from agent.dialog.journal import Journal
from agent.dialog.mind import LanguageModel
from agent.dialog.script.helper_model import HelperModel
from agent.dialog.script.script_guide import HandOver, ScriptGuide
from agent.dialog.script.script_talk import ScriptTalk
from agent.domain.agent import Agent
from agent.domain.call import Call


def script_guide(
    agent: Agent,
    call: Call,
    *,
    today: date,
    mind: LanguageModel,
    journal: Journal,
    hand_over: HandOver | None = None,
) -> ScriptGuide | None:
    """Of an agent that has a script (see `agent.domain.scripted`); None where it has none.

    `today`: the day of the call where the callee is.
    """
    script = agent.script
    if script is None:
        return None
    helper = HelperModel(mind, script, call=call.id, messages=journal.history.messages)
    variables = {**agent.variables, **call.briefing.variables}
    return ScriptGuide(
        ScriptTalk(script, variables, today=today, helper=helper),
        farewell=agent.phrases.farewell,
        progressed=lambda progress: journal.script_progressed(call.briefing.script, progress),
        hand_over=hand_over,
    )
