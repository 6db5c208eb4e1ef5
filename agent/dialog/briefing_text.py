"""What a person is told before they take a call: who calls, and what the caller wants."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence

from agent.dialog.history import Message, Role
from agent.dialog.mind import LanguageModel
from agent.domain.agent import Agent
from agent.domain.call import Call, Direction
from agent.domain.commands import HandOver
from agent.domain.variables import rendered
from agent.errors import LanguageModelError

WRITE_S = 8.0
"""It is written while the other telephone rings; whoever answers sooner waits for the rest of this at most."""
LONGEST = 300
"""Characters of a summary: about 20 s of speech."""
_MOST_TURNS = 12
"""The last of the conversation: enough for what it is about now."""
_NUMBER = re.compile(r"\+?[0-9]{2,15}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
TASK = (
    "You pass telephone calls on to a colleague. From the record of a call you say in one short sentence what the "
    "caller wants. Begin with: The caller. Say only what the record says."
)


async def briefing_text(
    order: HandOver, agent: Agent, call: Call, messages: Sequence[Message], mind: LanguageModel
) -> str:
    """The briefing for whoever answers. `messages` are the conversation so far. Never fails."""
    control = agent.call_control
    theirs = call.caller if call.direction is Direction.INBOUND else call.callee
    caller = theirs if _NUMBER.fullmatch(theirs) else control.unknown_caller
    summary = order.briefing or await _summary(call.id, messages, mind) or _last_words(messages)
    template = order.destination.briefing or control.briefing
    return rendered(template, {"caller": caller, "summary": summary}).strip()


async def _summary(call_id: str, messages: Sequence[Message], mind: LanguageModel) -> str:
    """By the model; empty where it says nothing in time."""
    record = _record(messages)
    if not record:
        return ""
    asked = [Message(Role.SYSTEM, TASK), Message(Role.CALLER, f"{record}\n\nWhat does the caller want?")]
    said: list[str] = []
    with contextlib.suppress(LanguageModelError, TimeoutError):
        async with asyncio.timeout(WRITE_S):
            async for piece in mind.stream(asked, call=f"{call_id} briefing"):
                if isinstance(piece, str):
                    said.append(piece)
    return _cut(" ".join("".join(said).split()))


def _record(messages: Sequence[Message]) -> str:
    names = {Role.CALLER: "Caller", Role.AGENT: "Agent"}
    turns = [f"{names[message.role]}: {message.text}" for message in messages if message.text and message.role in names]
    return "\n".join(turns[-_MOST_TURNS:]) if any(message.role is Role.CALLER for message in messages) else ""


def _last_words(messages: Sequence[Message]) -> str:
    words = next((message.text for message in reversed(messages) if message.role is Role.CALLER), "")
    return _cut(words)


def _cut(text: str) -> str:
    """As many whole sentences as LONGEST holds, and never more."""
    kept = ""
    for sentence in _SENTENCE_END.split(text):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > LONGEST:
            break
        kept = longer
    return kept or text[:LONGEST]
