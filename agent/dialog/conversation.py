"""One call's loop: wires ears, mind and mouth by what turn-taking decides.

Everything that happens (the caller's speech, what was understood of it, the end of a piece of work, a time limit, the
end of the stream) comes through one queue and is handled in order, so nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime

from agent.dialog.alarm import Alarm
from agent.dialog.answer_watch import AnswerWatch
from agent.dialog.answering import Answering
from agent.dialog.arrivals import Arrivals
from agent.dialog.bidding import Bidding
from agent.dialog.call_tools import CallDeeds
from agent.dialog.caller_turn import CallerTurn, Stretch
from agent.dialog.confirming import Confirmations
from agent.dialog.drafting import Drafting
from agent.dialog.first_words import FirstWords
from agent.dialog.floor import Floor, TurnTask
from agent.dialog.guide import Goodbyes, Guide
from agent.dialog.handing_over import HandingOver
from agent.dialog.happenings import (
    Happening,
    Key,
    MustEnd,
    SilenceDue,
    StreamClosed,
    TheyWait,
    Understood,
    WhoAnswered,
    WorkDone,
)
from agent.dialog.hearing import Hearing
from agent.dialog.history import History
from agent.dialog.journal import Journal
from agent.dialog.judge import Judge
from agent.dialog.keys import KeyPad, as_message
from agent.dialog.listener import Draft, Listener, Utterance
from agent.dialog.opening import Decided, Opening
from agent.dialog.opt_outs import OptOuts
from agent.dialog.parts import Parts
from agent.dialog.prompts import opening, tools_of
from agent.dialog.reading_ahead import ReadingAhead
from agent.dialog.script.script_call import script_guide
from agent.dialog.silence import SilenceAction, SilenceWatch
from agent.dialog.switching import Switching
from agent.dialog.toolbox import Toolbox
from agent.dialog.turn_taking import (
    GoOn,
    Interrupted,
    NoiseOver,
    Resumed,
    SpeechBegan,
    TurnTaking,
    Yield,
)
from agent.dialog.work import Work
from agent.domain.agent import Agent
from agent.domain.answered_by import Answer, AnsweredBy
from agent.domain.call import Call, EndedReason
from agent.domain.call_day import day_of
from agent.domain.commands import Command, EndCall, HandOver, HangUp, Hint, PutOnHold, Say
from agent.media.stream import MediaStream


class Conversation:
    """Talks with one caller from the answer to the end."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        call: Call,
        stream: MediaStream,
        *,
        keys: asyncio.Queue[str],
        commands: asyncio.Queue[Command],
        closing: asyncio.Event,
        press: Callable[[str], Awaitable[None]] | None = None,
        recording: Decided | None = None,
        detect: bool = False,
        today: date | None = None,
        switching: Switching | None = None,
    ) -> None:
        """`keys` brings the digits that the caller presses, `commands` what the back end asks; `closing` is set when
        the agent is shut down. `press` presses keys towards the caller, or raises a PhoneAgentError. `recording` is
        told whether the call is recorded from then on. `detect`: find out who answered, before anything is said.
        `today` is the day where the other side is; None: as their number tells. `switching` takes the caller to music
        and to others.
        """
        self._parts = parts
        self._agent = agent
        self._stream = stream
        self._outside = keys, commands, closing
        self._key_pad = KeyPad(agent.keys)
        self._loop = asyncio.get_running_loop()
        llm = parts.settings.llm
        history = History(opening(agent), context_tokens=llm.context_tokens, answer_tokens=llm.max_tokens)
        self._journal = Journal(call.id, history, parts.sink, partials=parts.partials)
        self._inputs: asyncio.Queue[Happening] = asyncio.Queue()
        deeds = CallDeeds(agent, switching=switching, press=press, tell=self._inputs.put_nowait)
        self._toolbox = Toolbox(tools_of(agent), call, parts.tools, self._journal, deeds=deeds)
        self._reading = ReadingAhead(parts.mind, self._journal)
        self._silence = SilenceWatch(agent.limits)
        self._hearing = Hearing(parts.ears, agent, expected=lambda: self._script.expected_words if self._script else ())
        self._script = script_guide(
            agent,
            call,
            today=today or day_of(call, datetime.now().astimezone()),
            mind=parts.mind,
            journal=self._journal,
            switching=switching,
            tell=self._inputs.put_nowait,
        )
        self._opening = Opening(
            agent,
            self._journal,
            self._hearing,
            decided=recording,
            press=press,
            greet=self._script.greet if self._script else None,
        )
        self._floor = Floor(
            self._journal,
            stream.playout,
            interruptible=agent.interruptible,
            new_work=self._new_work,
            done=lambda task: self._inputs.put_nowait(WorkDone(task)),
        )
        judge = Judge(
            lambda: self._hearing.language, parts.settings.turns, self._floor.text, answers=self._opening.answers
        )
        watch = None
        if detect:
            tell = self._inputs.put_nowait
            watch = AnswerWatch(self._hearing, lambda one: tell(WhoAnswered(one)), lambda: tell(TheyWait()))
        self._listener = Listener(
            parts.detector(),
            TurnTaking(parts.settings.turns, judge),
            agent=self._floor.voice,
            heard=self._inputs.put_nowait,
            beside=watch.take if watch else None,
        )
        self._caller_quiet = parts.lulls.caller()
        self._runs_on = False
        self._drafting = Drafting(
            self._hearing,
            lambda draft, found: self._inputs.put_nowait(Understood(draft, found.text, found.finality)),
        )
        self._answering = Answering(
            self._floor,
            drafting=self._drafting,
            judge=judge,
            speculation=parts.speculation,
            caller_quiet=self._caller_quiet,
        )
        self._bidding = Bidding(
            agent,
            self._floor,
            self._journal,
            self._reading,
            caller_quiet=self._caller_quiet,
            held_back=lambda: self._opening.asking or self._first_words.holds,
            elsewhere=None
            if switching is None
            else HandingOver(
                parts,
                agent,
                call,
                self._journal,
                switching,
                back_in_script=self._script.nobody_took_over if self._script else None,
            ),
        )
        self._first_words = FirstWords(
            agent.voicemail,
            watch,
            self._floor,
            self._journal,
            begin=self._opening.begin,
            caller_quiet=self._caller_quiet,
        )
        confirmations = Confirmations(agent, self._toolbox, history)
        self._guides: tuple[Guide, ...] = (OptOuts(agent), Goodbyes(agent), confirmations, self._opening)
        if self._script is not None:
            self._guides = (self._opening, confirmations, self._script)

    async def run(self) -> EndedReason:
        """Talk until somebody ends it; returns why, after the last word was played.

        `caller_hangup` stands for any end of the stream that was not ours. Cancelling ends it at once.
        """
        listening = asyncio.create_task(self._listener.run(self._stream.frames), name="listener")
        arrivals = Arrivals(self._inputs.put_nowait, self._agent, self._stream)
        arrivals.start(*self._outside)
        silence = Alarm(lambda: self._inputs.put_nowait(SilenceDue()))
        try:
            self._reading.begin()
            self._first_words.answered()
            while True:
                reason = self._handle(await self._inputs.get())
                if reason is not None:
                    return reason
                self._bidding.go_on()
                silence.set(self._silence_due())
        finally:
            silence.set(None)
            self._opening.close()
            self._first_words.heard_last()
            self._floor.cut()
            if self._script is not None:
                self._script.call_over()
            self._caller_quiet.set()
            await self._floor.hear_last_words(self._answering.withdraw())
            listening.cancel()
            ending = arrivals.close(), self._drafting.close(), self._reading.close(), self._first_words.close()
            await asyncio.gather(listening, self._floor.all_cut(), *ending, return_exceptions=True)

    def _handle(self, happened: Happening) -> EndedReason | None:
        match happened:
            case Yield() | GoOn() | Interrupted():
                self._overlap(happened)
            case Understood():
                self._understood(happened)
            case WhoAnswered(answer):
                return self._who_answered(answer)
            case TheyWait():
                self._listener.end_turn()
                self._first_words.they_wait()
            case Key(digit):
                self._key(digit)
            case WorkDone(task):
                return self._finish(task)
            case SilenceDue():
                self._break_silence()
            case MustEnd(text, reason):
                self._floor.end_with(text, reason)
            case StreamClosed():
                if self._floor.work is not None:
                    self._floor.work.caller_has_gone()
                return EndedReason.CALLER_HANGUP
            case Say() | Hint() | HangUp() | HandOver() | PutOnHold() | EndCall():
                self._bidding.obey(happened)
            case _:
                self._listen(happened)
        return None

    def _who_answered(self, answer: Answer) -> EndedReason | None:
        if answer.by is AnsweredBy.UNCERTAIN:
            self._listener.end_turn()
        return self._first_words.decided(answer)

    def _overlap(self, decision: Yield | GoOn | Interrupted) -> None:
        match decision:
            case Yield():
                self._stream.playout.pause()
                self._journal.agent_paused()
            case GoOn():
                self._stream.playout.resume()
                self._journal.agent_resumed()
            case Interrupted():
                self._floor.cut()
                self._reading.begin()
                self._floor.open_caller_turn().interrupts = True
                self._answering.speculate()

    def _listen(self, heard: SpeechBegan | Draft | Resumed | NoiseOver | Utterance) -> None:
        match heard:
            case SpeechBegan(run_on=run_on):
                self._silence.sound(self._loop.time())
                self._runs_on = run_on
                if not run_on:
                    self._caller_quiet.clear()
            case Draft() if self._first_words.holds:
                pass  # it is listened to for who answers
            case Draft():
                self._drafting.begin(heard, urgent=self._stream.playout.paused)
            case Resumed():
                self._answering.caller_goes_on()
            case NoiseOver():
                self._answering.caller_goes_on()
                self._drafting.reset()
                self._runs_on = False
                self._caller_quiet.set()
                self._first_words.quiet()
            case Utterance():
                self._runs_on = False
                self._caller_quiet.set()
                if self._first_words.belongs(heard):
                    self._first_words.quiet()
                else:
                    self._answering.take(heard)

    def _key(self, digit: str) -> None:
        """A key is a sign of life; an entry of keys is a turn, or joins the one that is open."""
        now = self._loop.time()
        if digit:
            self._silence.words()
        if self._opening.takes(digit) and not self._floor.closing:
            self._floor.cut()
            self._floor.start(self._opening.keyed(self._floor.begin(), digit))
            return
        for digits in self._key_pad.press(digit, now) if digit else self._key_pad.poll(now):
            self._journal.keys_entered(digits)
            if not self._floor.closing:
                self._answering.take_entry(Stretch.of_text(as_message(digits), self._journal.clock()))
        due = self._key_pad.due_at()
        if due is not None:
            self._loop.call_at(due, self._inputs.put_nowait, Key())

    def _understood(self, understood: Understood) -> None:
        if understood.text:
            self._silence.words()
        self._journal.captions.caller(self._floor.caller, understood.text)
        self._listener.understood(understood.draft, understood.text, understood.finality)
        self._answering.understood(understood)

    def _new_work(self, caller: CallerTurn | None, guess: str | None) -> Work:
        if guess is None:
            self._silence.agent_speaks()
        return Work(
            self._parts,
            self._agent,
            self._journal,
            self._stream.playout,
            caller_quiet=self._caller_quiet,
            hearing=self._hearing,
            toolbox=self._toolbox,
            may_ask_again=self._silence.may_ask_again,
            guides=self._guides,
            caller=caller,
            guess=guess,
        )

    def _finish(self, task: TurnTask) -> EndedReason | None:
        if not self._floor.finish(task):
            return None
        self._reading.begin()
        reason = task.result()
        if reason is EndedReason.TRANSFERRED and self._script is not None:
            self._script.handed_over()
        if reason is None:
            self._answering.take_what_waits()
        return reason

    def _silence_due(self) -> float | None:
        if self._first_words.holds:
            return None
        if self._floor.free and self._caller_quiet.is_set() and not self._runs_on:
            self._silence.quiet(self._loop.time())
        return self._silence.due_at() if self._floor.free else None

    def _break_silence(self) -> None:
        match self._silence.act(self._loop.time()):
            case SilenceAction.ASK | SilenceAction.END if self._opening.asking:
                self._floor.start(self._opening.ask(self._floor.begin()))
            case SilenceAction.ASK if self._script is not None and self._script.leads:
                self._floor.start(self._script.ask_whether_there(self._floor.begin()))
            case SilenceAction.ASK:
                self._floor.start(self._floor.begin().say_phrase(self._agent.phrases.still_there))
            case SilenceAction.END:
                if self._script is not None:
                    self._script.nobody_there()
                self._floor.end_with(self._agent.phrases.silence_goodbye, EndedReason.SILENCE_TIMEOUT)
