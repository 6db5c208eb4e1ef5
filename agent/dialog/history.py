"""What was said, heard and done in a call, as the language model sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from agent.domain.tools import Tool

CHARACTERS_PER_TOKEN = 3  # English runs at about four; fewer keeps names and numbers inside the budget
CUT = " —"
"""Ends what an agent said that was interrupted."""
INTERRUPTING = "(interrupting you) "
"""Begins what the caller said then. It stands in the caller's words, since small models repeat what stands in theirs:
with the remark in them, the 0.5B model went on to say "the caller interrupted here" aloud."""


class Role(StrEnum):
    """Whose words a message holds, in the terms of LangChain."""

    SYSTEM = "system"
    CALLER = "human"
    AGENT = "ai"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolUse:
    """That the model asked for a tool."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Role
    text: str
    tools: tuple[Tool, ...] = ()
    """Of the system's first message: what the model may ask for."""
    use: ToolUse | None = None
    """Of the agent's: what it asks for, after these words."""
    answers: str = ""
    """Of a tool's: the id of the use that it answers."""

    @property
    def size(self) -> int:
        """Characters that it takes of the context."""
        return len(self.text) + (len(str(self.use)) if self.use is not None else 0)


@dataclass(slots=True)
class _Entry:
    """What stays or goes together: one side's words, or the use of a tool with its answer."""

    messages: list[Message] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(message.size for message in self.messages)


class History:
    """The system prompt and the latest turns, never more than `context_tokens`."""

    def __init__(self, opening: Message, *, context_tokens: int, answer_tokens: int) -> None:
        """`opening`: the system's message, which is never forgotten."""
        self._system = opening
        taken = len(opening.text) + sum(len(tool.model_dump_json()) for tool in opening.tools)
        self._budget = max(0, (context_tokens - answer_tokens) * CHARACTERS_PER_TOKEN - taken)
        self._entries: list[_Entry] = []
        self._was_interrupted = False

    def caller_said(self, text: str) -> None:
        """Add the caller's words; they join an unanswered message before them."""
        self._add(Role.CALLER, self._remarked(text))
        self._was_interrupted = False

    def agent_was_heard(self, text: str, *, interrupted: bool) -> None:
        """Add what the caller heard of the agent; nothing heard leaves nothing."""
        if text:
            self._add(Role.AGENT, text + CUT if interrupted else text)
            self._was_interrupted = interrupted

    def noted(self, text: str) -> None:
        """Add what the back end lets the model know."""
        self._add(Role.SYSTEM, text)

    def tool_used(self, use: ToolUse, answer: str, *, said: str = "") -> None:
        """Add that the model asked for a tool after it had `said` something, and what came of it so far."""
        asked = Message(Role.AGENT, said, use=use)
        self._entries.append(_Entry([asked, Message(Role.TOOL, answer, answers=use.id)]))
        self._forget()

    def tool_answered(self, use_id: str, answer: str) -> None:
        """Put the answer in the place of what stood there before, unless that is forgotten."""
        for entry in self._entries:
            if entry.messages[-1].answers == use_id:
                entry.messages[-1] = Message(Role.TOOL, answer, answers=use_id)
        self._forget()

    def messages(self, pending: str | None = None) -> list[Message]:
        """The prompt: the system's message, then the turns in order.

        `pending`: words of the caller that are not history yet, since the agent has not answered them.
        """
        turns = [message for entry in self._entries for message in entry.messages]
        if pending is not None:
            before = f"{turns.pop().text} " if turns and turns[-1].role is Role.CALLER else ""
            turns.append(Message(Role.CALLER, before + self._remarked(pending)))
        return [self._system, *turns]

    def _remarked(self, text: str) -> str:
        return INTERRUPTING + text if self._was_interrupted else text

    def _add(self, role: Role, text: str) -> None:
        last = self._entries[-1].messages[-1] if self._entries else None
        if last is not None and last.role is role:
            text = f"{self._entries.pop().messages[-1].text} {text}"
        self._entries.append(_Entry([Message(role, text)]))
        self._forget()

    def _forget(self) -> None:
        while len(self._entries) > 1 and sum(entry.size for entry in self._entries) > self._budget:
            del self._entries[0]
