"""What was said and heard in a call, as the language model sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Role
    text: str


class History:
    """The system prompt and the latest turns, never more than `context_tokens`."""

    def __init__(self, system_prompt: str, *, context_tokens: int, answer_tokens: int) -> None:
        self._system = Message(Role.SYSTEM, system_prompt)
        self._budget = max(0, (context_tokens - answer_tokens) * CHARACTERS_PER_TOKEN - len(system_prompt))
        self._turns: list[Message] = []
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

    def messages(self, pending: str | None = None) -> list[Message]:
        """The prompt: the system's message, then the turns in order.

        `pending`: words of the caller that are not history yet, since the agent has not answered them.
        """
        turns = list(self._turns)
        if pending is not None:
            before = f"{turns.pop().text} " if turns and turns[-1].role is Role.CALLER else ""
            turns.append(Message(Role.CALLER, before + self._remarked(pending)))
        return [self._system, *turns]

    def _remarked(self, text: str) -> str:
        return INTERRUPTING + text if self._was_interrupted else text

    def _add(self, role: Role, text: str) -> None:
        if self._turns and self._turns[-1].role is role:
            text = f"{self._turns.pop().text} {text}"
        self._turns.append(Message(role, text))
        while len(self._turns) > 1 and sum(len(turn.text) for turn in self._turns) > self._budget:
            del self._turns[0]
