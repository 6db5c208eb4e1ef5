"""How a call begins: keys, what the caller must know or decide about being recorded, the greeting.

Nothing of this needs the language model, and what is said about recording is no part of what the model reads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agent.dialog.guide import Mouthpiece, Reply
from agent.dialog.hearing import Hearing
from agent.dialog.journal import Journal
from agent.dialog.overlap import is_echo
from agent.dialog.yes_no import YesNo, yes_or_no
from agent.domain.agent import Agent, RecordingConsent
from agent.domain.call import EndedReason
from agent.domain.recording import Consent, ConsentBy
from agent.errors import PhoneAgentError

Decided = Callable[[Consent, ConsentBy | None], None]
"""Told once whether the call is recorded from this moment on."""

QUESTIONS = 2
"""Asked so often, a caller who has given no clear answer is not recorded."""
YES_KEY, NO_KEY = "1", "2"


class Opening:
    """The beginning of one call. Each coroutine is the agent's turn, and returns why the call ends with it, or None."""

    def __init__(
        self,
        agent: Agent,
        journal: Journal,
        hearing: Hearing,
        *,
        decided: Decided | None,
        press: Callable[[str], Awaitable[None]] | None,
        greet: Callable[[Mouthpiece], Awaitable[EndedReason | None]] | None = None,
    ) -> None:
        """`hearing` knows the caller's language. Without `decided` nothing is recorded and nothing asked.

        `greet` says the first words in place of the agent's greeting and notice.
        """
        self._agent = agent
        self._journal = journal
        self._hearing = hearing
        self._decided = decided
        self._press = press
        self._first_words = greet
        self._asked = 0
        consent = agent.recording.consent if decided is not None else RecordingConsent.OFF
        self._announces = consent is RecordingConsent.ANNOUNCED
        self.asking = consent is RecordingConsent.ASKED
        """The caller has not answered yet; nobody else has a word until they have."""

    async def begin(self, turn: Mouthpiece) -> EndedReason | None:
        """All that comes before the caller's first word."""
        if self._press is not None and self._agent.keys_on_answer:
            try:
                await self._press(self._agent.keys_on_answer)
            except PhoneAgentError as error:
                self._journal.trouble(error)
        if self.asking:
            return await self.ask(turn)
        announcement = self._agent.recording.announcement if self._announces else ""
        return await self._greet(turn, announcement, protected=True, then=lambda: self._decide(Consent.ANNOUNCED))

    async def ask(self, turn: Mouthpiece) -> EndedReason | None:
        """Ask whether the call may be recorded; a caller who has been asked often enough is not."""
        if self._asked >= QUESTIONS:
            return await self._answered(turn, Consent.UNANSWERED)
        self._asked += 1
        return await turn.say_phrase(self._agent.recording.question, protected=True, aside=True)

    async def consider(self, text: str) -> Reply | None:
        """See Guide: what the caller says when asked. An echo of the question is no answer."""
        return Reply(lambda turn: self._reply(turn, text), aside=True) if self.asking else None

    def answers(self, words: str) -> bool:
        """Whether these words answer the question, be it still under way."""
        is_answer = self.asking and self._meant(words) is not YesNo.UNCLEAR
        return is_answer and not is_echo(words, self._agent.recording.question)

    def takes(self, key: str) -> bool:
        """Whether this key answers the question."""
        return self.asking and key in {YES_KEY, NO_KEY}

    async def keyed(self, turn: Mouthpiece, key: str) -> EndedReason | None:
        """The caller pressed a key that `takes` has taken."""
        consent = Consent.GRANTED if key == YES_KEY else Consent.DECLINED
        return await self._answered(turn, consent, ConsentBy.KEY)

    def close(self) -> None:
        """The call is over."""
        if self.asking:
            self._decide(Consent.UNANSWERED)

    async def _reply(self, turn: Mouthpiece, text: str) -> EndedReason | None:
        if is_echo(text, self._agent.recording.question):
            return None
        match self._meant(text):
            case YesNo.YES:
                return await self._answered(turn, Consent.GRANTED, ConsentBy.VOICE)
            case YesNo.NO:
                return await self._answered(turn, Consent.DECLINED, ConsentBy.VOICE)
            case YesNo.UNCLEAR:
                return await self.ask(turn)

    def _meant(self, words: str) -> YesNo:
        return yes_or_no(words, self._hearing.language)

    async def _answered(self, turn: Mouthpiece, consent: Consent, by: ConsentBy | None = None) -> EndedReason | None:
        self._decide(consent, by)
        policy = self._agent.recording
        return await self._greet(turn, policy.accepted if consent.given else policy.declined)

    async def _greet(
        self, turn: Mouthpiece, before: str, *, protected: bool = False, then: Callable[[], None] = lambda: None
    ) -> EndedReason | None:
        """The greeting, after a sentence that the model does not read."""
        if before:
            ended = await turn.say_phrase(before, protected=protected, aside=True)
            if ended is not None or turn.cut_short:
                return ended
            then()
        if self._first_words is not None:
            return await self._first_words(turn)
        notice = self._agent.notice
        return await turn.say_phrase(self._agent.greeting, protected=bool(notice), then_protected=notice)

    def _decide(self, consent: Consent, by: ConsentBy | None = None) -> None:
        self.asking = False
        if self._decided is not None:
            self._decided(consent, by)
