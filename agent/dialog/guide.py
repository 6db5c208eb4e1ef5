"""What decides how the agent answers the caller's words before the model is asked: farewells, consent, a script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.dialog.farewell import is_farewell
from agent.dialog.toolbox import Order
from agent.domain.agent import Agent
from agent.domain.call import EndedReason


class Mouthpiece(Protocol):
    """The agent's turn, as far as a guide needs it. See Work."""

    @property
    def cut_short(self) -> bool:
        """Whether the caller has not heard all of it, and never will."""
        ...

    @property
    def text(self) -> str:
        """What it says, as far as the caller has heard it or is just about to."""
        ...

    async def say(self, text: str, *, aside: bool = False) -> None:
        """Say a fixed sentence to its end. Raises TextToSpeechError."""
        ...

    async def say_all(self, texts: Sequence[str], *, protected: int = 0) -> EndedReason | None:
        """Say several without a pause between them, of which the first ones may not be interrupted.

        A mouth that stays away ends the call.
        """
        ...

    async def say_phrase(
        self, text: str, *, then_protected: str = "", protected: bool = False, aside: bool = False
    ) -> EndedReason | None:
        """The same with parts that may not be interrupted; a mouth that stays away ends the call."""
        ...

    async def say_and_end(self, text: str, reason: EndedReason) -> EndedReason:
        """Say a last sentence, to its end, and end the call."""
        ...

    async def give_answer(self, text: str) -> None:
        """Have the model answer these words of the caller, and its tools act. Raises PhoneAgentError."""
        ...

    async def do(self, order: Order) -> None:
        """Have a tool act that the caller has agreed to, and the model tell what came of it. Raises PhoneAgentError."""
        ...


def _nothing() -> None:
    """Nothing is to be kept."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How the agent answers in the model's place."""

    say: Callable[[Mouthpiece], Awaitable[EndedReason | None]]
    """Called once the turn is surely the agent's; returns why the call ends with it, or None."""
    taken: Callable[[], None] = _nothing
    """Called before `say`, as soon as the turn is surely the agent's: what the caller said counts from then on."""
    ahead: tuple[str, ...] = ()
    """Its first sentences, so that their sound may be ready by then."""
    aside: bool = False
    """What the caller said is no part of what the model reads."""


class Guide(Protocol):
    """Knows some of the things that callers say."""

    async def consider(self, text: str) -> Reply | None:
        """How to answer these words, or None where it is not for this guide.

        Nothing may be changed or said yet: the caller may not have finished, and be considered again with more words.
        `text` is empty where somebody spoke for long and nothing was understood. Raises LanguageModelError.
        """
        ...


async def considered(guides: Sequence[Guide], text: str) -> Reply | None:
    """The reply of the first guide that has one; None: the model answers."""
    for guide in guides:
        reply = await guide.consider(text)
        if reply is not None:
            return reply
    return None


class Goodbyes:
    """A Guide: who says goodbye hears one, and the call is over."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def consider(self, text: str) -> Reply | None:
        """See Guide."""
        if not is_farewell(text, self._agent.farewells):
            return None
        farewell = self._agent.phrases.farewell
        return Reply(lambda turn: turn.say_and_end(farewell, EndedReason.AGENT_HANGUP))
