"""What an agent would say, in writing: a turn of a conversation without a telephone, for tests of what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from agent.dialog.answer import Answer, Speaking
from agent.dialog.farewell import is_farewell
from agent.dialog.history import History, Message
from agent.dialog.opt_out import wants_no_more_calls
from agent.dialog.parts import Parts
from agent.dialog.prompts import opening
from agent.dialog.script.helper_model import HelperModel
from agent.dialog.script.script_talk import ScriptTalk
from agent.dialog.script.written_talk import move_after
from agent.dialog.tool_request import ToolRequest
from agent.domain.agent import Agent
from agent.domain.script import CallScript
from agent.errors import LanguageModelError
from agent.ids import new_id
from agent.speech.spoken import spoken
from agent.speech.urgency import Escalation, Urgency

AT_ONCE: Final = 2
"""More than that would wait for each other, and for the callers, for longer than a client waits."""


class WrittenRole(StrEnum):
    """Whose words they are."""

    CALLER = "caller"
    AGENT = "agent"
    HINT = "hint"
    """What the back end lets the model know."""


@dataclass(frozen=True, slots=True)
class WrittenMessage:
    """One message of a written conversation."""

    role: WrittenRole
    text: str


@dataclass(frozen=True, slots=True)
class TextTurn:
    """The agent's turn; times in seconds since it was asked, None where a stage did not happen."""

    sentences: tuple[str, ...]
    """As written: what the transcript would hold."""
    spoken: tuple[str, ...]
    """As the voice would be given them."""
    ends_call: bool = False
    opts_out: bool = False
    """The caller's last words ask not to be called again: in a call their number would come on the list."""
    requests: tuple[ToolRequest, ...] = ()
    """What it would have tools do, after these sentences: here nothing is done."""
    first_token_s: float | None = None
    first_clause_s: float | None = None
    complete_s: float = 0.0


class TextTurns:
    """Answers with the prompts, the history and the way of answering that calls have, behind all callers."""

    def __init__(self, parts: Callable[[], Parts | None]) -> None:
        """`parts`: None while the models are still loading."""
        self._parts = parts
        self._under_way = 0

    def greeting(self, agent: Agent) -> TextTurn:
        """What it says when the call is answered."""
        if agent.script is not None:
            talk = ScriptTalk(agent.script, agent.variables, today=_today())
            return _fixed(agent, *(line.text for line in talk.begin().lines))
        return _fixed(agent, *filter(None, (agent.greeting, agent.notice)))

    async def answer(self, agent: Agent, conversation: Sequence[WrittenMessage]) -> TextTurn:
        """The answer to a conversation whose last words are the caller's.

        Raises LanguageModelError: `llm_error`, `llm_timeout`; `llm_not_ready` while the model is loading, and
        `llm_busy` where others ask already.
        """
        last = conversation[-1].text
        if agent.script is None and wants_no_more_calls(last):
            return _fixed(agent, agent.phrases.will_not_call, ends_call=True, opts_out=True)
        if agent.script is None and is_farewell(last, agent.farewells):
            return _fixed(agent, agent.phrases.farewell, ends_call=True)
        parts = self._parts()
        if parts is None:
            raise LanguageModelError("The models are still loading; see /readyz.", code="llm_not_ready")
        if self._under_way >= AT_ONCE:
            raise LanguageModelError("Other turns without a telephone are being answered.", code="llm_busy")
        self._under_way += 1
        try:
            if agent.script is not None:
                return await _by_script(parts, agent, agent.script, conversation)
            return await _answered(parts, agent, conversation)
        finally:
            self._under_way -= 1


class _Page:
    """Keeps the sentences, in place of a voice and a line."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.requests: list[ToolRequest] = []

    async def synthesize(
        self, text: str, *, voice: str, language: str = "en", urgency: Urgency | Escalation = Urgency.CALLER_WAITS
    ) -> bytes:
        del text, voice, language, urgency
        return b""

    def say(self, text: str, pcm: bytes) -> None:
        del pcm
        self.sentences.append(text)

    async def act(self, requests: Sequence[ToolRequest]) -> Sequence[Message] | None:
        self.requests += requests
        return None


async def _answered(parts: Parts, agent: Agent, conversation: Sequence[WrittenMessage]) -> TextTurn:
    llm, began_at, page = parts.settings.llm, _now(), _Page()
    answer = Answer(
        Speaking(
            mind=parts.mind,
            call=new_id("text"),
            mouth=page,
            voice=agent.voice,
            language=agent.language,
            mind_deadline_s=llm.deadline_s,
            mouth_deadline_s=llm.deadline_s,
            apologise=lambda _error: None,
            may_speak=_at_once,
            act=page.act,
            urgency=Escalation(Urgency.BACKGROUND),
        ),
        page,
    )
    await answer.give(_history(parts, agent, conversation).messages(conversation[-1].text))
    if not page.sentences and not page.requests:
        return _fixed(agent, agent.phrases.did_not_understand)
    marks = answer.marks
    return TextTurn(
        tuple(page.sentences),
        tuple(spoken(text, agent.language) for text in page.sentences),
        requests=tuple(page.requests),
        first_token_s=_since(began_at, marks.first_token),
        first_clause_s=_since(began_at, marks.first_clause),
        complete_s=_now() - began_at,
    )


def _history(parts: Parts, agent: Agent, conversation: Sequence[WrittenMessage]) -> History:
    """All but the last message."""
    llm = parts.settings.llm
    history = History(opening(agent), context_tokens=llm.context_tokens, answer_tokens=llm.max_tokens)
    for message in conversation[:-1]:
        match message.role:
            case WrittenRole.CALLER:
                history.caller_said(message.text)
            case WrittenRole.AGENT:
                history.agent_was_heard(message.text, interrupted=False)
            case WrittenRole.HINT:
                history.noted(message.text)
    return history


async def _by_script(
    parts: Parts, agent: Agent, script: CallScript, conversation: Sequence[WrittenMessage]
) -> TextTurn:
    """The values that the model read in earlier turns are read by rules alone this time."""
    began_at, history = _now(), _history(parts, agent, conversation)
    helper = HelperModel(parts.mind, script, call=new_id("text"), messages=history.messages)
    said = [message.text for message in conversation if message.role is WrittenRole.CALLER]
    move = await move_after(script, agent.variables, said, today=_today(), helper=helper)
    sentences = tuple(line.text for line in move.lines)
    spoken_ones = tuple(spoken(text, agent.language) for text in sentences)
    return TextTurn(
        sentences,
        spoken_ones,
        ends_call=move.ends is not None,
        opts_out=wants_no_more_calls(said[-1]),
        complete_s=_now() - began_at,
    )


def _today() -> date:
    return datetime.now().astimezone().date()


def _fixed(agent: Agent, *sentences: str, ends_call: bool = False, opts_out: bool = False) -> TextTurn:
    spoken_ones = tuple(spoken(text, agent.language) for text in sentences)
    return TextTurn(sentences, spoken_ones, ends_call=ends_call, opts_out=opts_out)


async def _at_once() -> None:
    """Nobody else speaks."""


def _since(began_at: float, at: float | None) -> float | None:
    return None if at is None else at - began_at


def _now() -> float:
    return asyncio.get_running_loop().time()
