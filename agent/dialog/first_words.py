"""What the agent does when it is known who answered a call of its: begin, leave a message, or hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from agent.dialog.answer_watch import AnswerWatch
from agent.dialog.caller_turn import CallerTurn, Stretch
from agent.dialog.floor import Floor
from agent.dialog.guide import Mouthpiece
from agent.dialog.journal import Journal
from agent.dialog.listener import Utterance
from agent.domain.answered_by import Answer, AnsweredBy
from agent.domain.call import EndedReason
from agent.domain.voicemail import VoicemailAction, VoicemailPolicy
from agent.speech.stt import Transcript

Begin = Callable[[Mouthpiece], Coroutine[None, None, EndedReason | None]]
"""The agent's opening."""


class FirstWords:
    """Belongs to one call. Where nobody asks who answered, the agent begins at once."""

    def __init__(
        self,
        policy: VoicemailPolicy,
        watch: AnswerWatch | None,
        floor: Floor,
        journal: Journal,
        *,
        begin: Begin,
        caller_quiet: asyncio.Event,
    ) -> None:
        """`watch` finds out who answered; None: nobody does. `caller_quiet` is set while the other side is silent."""
        self._policy = policy
        self._watch = watch
        self._floor = floor
        self._journal = journal
        self._begin = begin
        self._caller_quiet = caller_quiet
        self._began_s: float | None = None
        self._decided = False
        self._leaving = False

    @property
    def holds(self) -> bool:
        """Whether what is heard is for the detection alone, and nobody answers it."""
        return self._watch is not None and (self._began_s is None or self._leaving)

    def answered(self) -> None:
        """The call stands, and the other side hears us."""
        if self._watch is None:
            self._floor.start(self._begin(self._floor.begin()))

    def decided(self, answer: Answer) -> EndedReason | None:
        """Act on a decision, the first or a corrected one; returns why the call ends at once, or None.

        A person is heard out: see `they_wait`.
        """
        self._decided = True
        self._journal.answered_by(answer)
        action = self._policy.action
        if answer.by.takes_no_part and action is not VoicemailAction.CONTINUE:
            if action is VoicemailAction.HANG_UP or answer.by is AnsweredBy.MAILBOX_FULL:
                return EndedReason.VOICEMAIL
            self._leave_message()
        elif answer.by is AnsweredBy.UNCERTAIN or (answer.by.machine and self._caller_quiet.is_set()):
            self._open()
        return None

    def they_wait(self) -> None:
        """A person has come to an end of what they said first."""
        if not self._leaving:
            self._open()

    def quiet(self) -> None:
        """The other side has come to an end of what it said."""
        if self._decided and not self._leaving:
            self._open()

    def belongs(self, utterance: Utterance) -> bool:
        """Whether it was said before the agent began, and is no turn to be answered."""
        if self._watch is None:
            return False
        if self._leaving or self._began_s is None or utterance.started_s < self._began_s:
            return True
        self._watch.listener.detector.settle()
        return False

    def heard_last(self) -> None:
        """The call is over: what a machine said is on record."""
        if self.holds and not self._floor.closing:
            self._record()

    async def close(self) -> None:
        """Listen no more."""
        if self._watch is not None:
            await self._watch.close()

    def _open(self) -> None:
        if self._watch is None or self._began_s is not None:
            return
        self._began_s = self._watch.listener.now_ms / 1000
        self._record()
        self._floor.start(self._begin(self._floor.begin()))

    def _leave_message(self) -> None:
        if self._watch is None or self._leaving:
            return
        self._leaving = True
        self._floor.cut()
        self._floor.close_caller_turn()
        self._floor.start(self._say_message(self._floor.begin(), self._watch))

    async def _say_message(self, turn: Mouthpiece, watch: AnswerWatch) -> EndedReason | None:
        policy = self._policy
        records = await watch.may_record(
            without_beep_ms=round(policy.beep_wait_s * 1000), longest_ms=round(policy.longest_greeting_s * 1000)
        )
        if not records:
            return EndedReason.VOICEMAIL
        self._record()
        return await turn.say_and_end(policy.message, EndedReason.VOICEMAIL)

    def _record(self) -> None:
        """What was said until now is a turn of theirs."""
        detector = self._watch.listener.detector if self._watch else None
        if detector is None or not detector.text or detector.began_ms is None:
            return
        said: asyncio.Future[Transcript] = asyncio.get_running_loop().create_future()
        said.set_result(Transcript(detector.text, 0.0))
        utterance = Utterance(b"", detector.began_ms / 1000, detector.last_speech_ms / 1000, 0)
        self._journal.caller_turn(CallerTurn([Stretch(utterance, said)], {0: detector.text}))
