"""An agent as it is in a call by a script. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.agent import Agent
from agent.domain.script import CallScript
from agent.domain.script_text import filled
from agent.domain.variables import Value
from agent.domain.voicemail import VoicemailAction

INSTRUCTIONS = (
    "You are on the telephone for a company. The purpose of this call: {purpose}\n"
    "The other side has asked something in between. Answer it in one short sentence, from the facts, and ask nothing: "
    "the next question follows by itself."
)


def scripted(agent: Agent, script: CallScript, variables: Mapping[str, Value]) -> Agent:
    """With the script's words, language and facts in place of its own; its voice, phrases and limits stay.

    The model has no tools: what is done in the call is the script's decision.

    `variables` are those of the call.
    """
    words = {name: str(value) for name, value in variables.items()}

    def text(template: str) -> str:
        return " ".join(filled(template, words, script.facts).split())

    message = text(script.voicemail)
    action = agent.voicemail.action
    if action is not VoicemailAction.CONTINUE:
        action = VoicemailAction.LEAVE_MESSAGE if message else VoicemailAction.HANG_UP
    return agent.model_copy(
        update={
            "greeting": text(script.opening),
            "notice": " ".join(text(one) for one in script.disclosures),
            "instructions": INSTRUCTIONS.format(purpose=text(script.purpose)),
            "facts": tuple(text(fact) for fact in script.facts.values()),
            "language": script.language,
            "tools": (),
            "call_control": agent.call_control.model_copy(update={"tools": ()}),
            "script": script,
            "voicemail": agent.voicemail.model_copy(update={"message": message, "action": action}),
        }
    )
