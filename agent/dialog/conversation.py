"""One call's loop: wires ears, mind and mouth by what turn-taking decides.

Everything that happens (the caller's speech, what was understood of it, the end of a piece of work, a time limit, the
end of the stream) comes through one queue and is handled in order, so nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine

from agent.dialog.alarm import Alarm
from agent.dialog.arrivals import Arrivals
from agent.dialog.caller_turn import CallerTurn, Stretch
from agent.dialog.drafting import Drafting
from agent.dialog.happenings import Happening, Key, MustEnd, SilenceDue, StreamClosed, Understood, WorkDone
from agent.dialog.hearing import Hearing
from agent.dialog.history import History
from agent.dialog.journal import Journal
from agent.dialog.judge import Judge
from agent.dialog.keys import KeyPad, as_message
from agent.dialog.listener import Draft, Listener, Utterance
from agent.dialog.opening import Decided, Opening
from agent.dialog.parts import Parts
from agent.dialog.prompts import opening
from agent.dialog.reading_ahead import ReadingAhead
from agent.dialog.silence import SilenceAction, SilenceWatch
from agent.dialog.toolbox import Toolbox
from agent.dialog.turn_taking import (
    AgentVoice,
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
from agent.domain.call import Call, EndedReason
from agent.domain.commands import Command, HangUp, Hint, Say
from agent.media.stream import MediaStream

LAST_WORDS_S = 2.0
"""The end of a call waits so long at most for what the caller said last."""


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
    ) -> None:
        """`keys` brings the digits that the caller presses, `commands` what the back end asks; `closing` is set when
        the agent is shut down. `press` presses keys towards the caller, or raises a PhoneAgentError. `recording` is
        told whether the call is recorded from then on.
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
        self._toolbox = Toolbox(agent.tools, call, parts.tools, self._journal)
        self._reading = ReadingAhead(parts.mind, self._journal)
        self._silence = SilenceWatch(agent.limits)
        self._inputs: asyncio.Queue[Happening] = asyncio.Queue()
        self._hearing = Hearing(parts.ears, agent)
        self._opening = Opening(agent, self._journal, self._hearing, decided=recording, press=press)
        judge = self._judge = Judge(
            lambda: self._hearing.language, parts.settings.turns, self._agent_text, answers=self._opening.answers
        )
        self._listener = Listener(
            parts.detector(),
            TurnTaking(parts.settings.turns, judge),
            agent=self._agent_voice,
            heard=self._inputs.put_nowait,
        )
        self._caller_quiet = parts.lulls.caller()
        self._runs_on = False
        self._work: Work | None = None
        self._task: asyncio.Task[EndedReason | None] | None = None
        self._drafting = Drafting(
            self._hearing,
            lambda draft, found: self._inputs.put_nowait(Understood(draft, found.text, found.finality)),
        )
        self._guess: Understood | None = None
        self._caller: CallerTurn | None = None
        self._waiting: list[Stretch] = []
        self._to_say: deque[Say] = deque()
        self._cut_tasks: set[asyncio.Task[EndedReason | None]] = set()
        self._last_agent_text = ""

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
            self._start(self._opening.begin(self._begin()))
            while True:
                reason = self._handle(await self._inputs.get())
                if reason is not None:
                    return reason
                self._say_what_waits()
                silence.set(self._silence_due())
        finally:
            silence.set(None)
            self._opening.close()
            self._cut()
            self._caller_quiet.set()
            await self._hear_last_words()
            self._close_caller_turn()
            listening.cancel()
            ending = arrivals.close(), self._drafting.close(), self._reading.close()
            await asyncio.gather(listening, *self._cut_tasks, *ending, return_exceptions=True)

    def _handle(self, happened: Happening) -> EndedReason | None:
        match happened:
            case Yield() | GoOn() | Interrupted():
                self._overlap(happened)
            case Understood():
                self._understood(happened)
            case Key(digit):
                self._key(digit)
            case WorkDone(task):
                return self._finish(task)
            case SilenceDue():
                self._break_silence()
            case MustEnd(text, reason):
                self._end_with(text, reason)
            case StreamClosed():
                if self._work is not None:
                    self._work.caller_has_gone()
                return EndedReason.CALLER_HANGUP
            case Say() | Hint() | HangUp():
                self._obey(happened)
            case _:
                self._listen(happened)
        return None

    def _obey(self, command: Command) -> None:
        match command:
            case Say():
                self._to_say.append(command)
            case Hint(text):
                self._journal.history.noted(text)
                self._reading.begin()
            case HangUp(farewell):
                self._end_with(farewell or self._agent.phrases.farewell, EndedReason.API_HANGUP)

    def _say_what_waits(self) -> None:
        """What the back end wants said, as soon as neither side has the turn."""
        if self._to_say and self._task is None and self._caller_quiet.is_set() and not self._opening.asking:
            say = self._to_say.popleft()
            self._start(self._begin().say_phrase(say.text, protected=not say.interruptible))

    def _overlap(self, decision: Yield | GoOn | Interrupted) -> None:
        match decision:
            case Yield():
                self._stream.playout.pause()
                self._journal.agent_paused()
            case GoOn():
                self._stream.playout.resume()
                self._journal.agent_resumed()
            case Interrupted():
                self._cut()
                self._reading.begin()
                self._caller = self._caller or CallerTurn()
                self._caller.interrupts = True
                self._speculate()

    def _listen(self, heard: SpeechBegan | Draft | Resumed | NoiseOver | Utterance) -> None:
        match heard:
            case SpeechBegan(run_on=run_on):
                self._silence.sound(self._loop.time())
                self._runs_on = run_on
                if not run_on:
                    self._caller_quiet.clear()
            case Draft():
                self._drafting.begin(heard, urgent=self._stream.playout.paused)
            case Resumed():
                self._caller_goes_on()
            case NoiseOver():
                self._caller_goes_on()
                self._drafting.reset()
                self._runs_on = False
                self._caller_quiet.set()
            case Utterance():
                self._runs_on = False
                self._caller_quiet.set()
                self._take(heard)

    def _key(self, digit: str) -> None:
        """A key is a sign of life; an entry of keys is a turn, or joins the one that is open."""
        now = self._loop.time()
        if digit:
            self._silence.words()
        if self._opening.takes(digit) and not self._closing:
            self._cut()
            self._start(self._opening.keyed(self._begin(), digit))
            return
        for digits in self._key_pad.press(digit, now) if digit else self._key_pad.poll(now):
            self._journal.keys_entered(digits)
            if not self._closing:
                self._take_entry(Stretch.of_text(as_message(digits), self._journal.clock()))
        due = self._key_pad.due_at()
        if due is not None:
            self._loop.call_at(due, self._inputs.put_nowait, Key())

    def _take_entry(self, entry: Stretch) -> None:
        if self._agent_voice().protected:
            self._waiting.append(entry)
            return
        if self._work is not None and self._work.talking:
            self._cut()
        if self._caller_quiet.is_set():
            self._answer(entry)
        else:
            self._caller_goes_on()
            self._caller = self._caller or CallerTurn()
            self._caller.stretches.append(entry)

    def _understood(self, understood: Understood) -> None:
        self._guess = understood
        if understood.text:
            self._silence.words()
        self._journal.captions.caller(self._caller, understood.text)
        self._listener.understood(understood.draft, understood.text, understood.finality)
        self._speculate()

    def _speculate(self) -> None:
        """Begin the answer to what was understood, in case that it is all."""
        guess, work, caller = self._guess, self._work, self._caller
        if guess is None or not guess.text or guess.draft.goes_on or self._closing:
            return
        if (work is not None and work.talking) or self._stream.playout.busy or self._waiting:
            return
        if caller is not None and not caller.understood:
            return
        self._cut()  # an answer to less than what is known now
        if not self._parts.speculation.may_begin():
            return
        self._caller = caller = caller or CallerTurn()
        self._start(self._begin(caller, " ".join(filter(None, (caller.text, guess.text)))).respond(caller))

    def _caller_goes_on(self) -> None:
        """What was prepared for the end of their turn is void."""
        self._guess = None
        self._drafting.forget()
        if self._work is not None and self._work.speculative:
            self._cut()

    def _take(self, utterance: Utterance) -> None:
        """The caller's turn, or one more stretch of it, is over."""
        guess, self._guess = self._guess, None
        stretch = Stretch(utterance, self._drafting.claim(utterance))
        if self._closing:
            return
        if self._stream.playout.busy or (self._work is not None and self._work.talking):
            self._waiting.append(stretch)  # answered when the agent has finished
            return
        self._answer(stretch, guess)

    def _answer(self, stretch: Stretch, guess: Understood | None = None) -> None:
        caller = self._caller = self._caller or CallerTurn()
        if caller.stretches:
            paused_s = stretch.utterance.started_s - caller.ended_s
            self._judge.was_cut_off(max(0, round(paused_s * 1000)))
        caller.stretches.append(stretch)
        if guess is not None and guess.draft.ended_s == stretch.utterance.ended_s and not guess.draft.goes_on:
            caller.texts[len(caller.stretches) - 1] = guess.text
            if self._work is not None and self._work.speculative:
                self._work.commit()
                return
        self._cut()
        work = self._begin(caller)
        work.commit()
        self._start(work.respond(caller))

    def _begin(self, caller: CallerTurn | None = None, guess: str | None = None) -> Work:
        if guess is None:
            self._silence.agent_speaks()
        self._work = Work(
            self._parts,
            self._agent,
            self._journal,
            self._stream.playout,
            caller_quiet=self._caller_quiet,
            hearing=self._hearing,
            toolbox=self._toolbox,
            may_ask_again=self._silence.may_ask_again,
            caller=caller,
            guess=guess,
            reply=self._opening.reply if self._opening.asking else None,
        )
        return self._work

    def _start(self, work: Coroutine[None, None, EndedReason | None]) -> None:
        self._task = asyncio.create_task(work, name="turn")
        self._task.add_done_callback(lambda task: self._inputs.put_nowait(WorkDone(task)))

    def _finish(self, task: asyncio.Task[EndedReason | None]) -> EndedReason | None:
        self._cut_tasks.discard(task)
        if task is not self._task:
            return None
        self._task = None
        if self._work is not None:
            self._last_agent_text = self._work.text or self._last_agent_text
            self._work.close()
        self._close_caller_turn()
        self._reading.begin()
        reason = task.result()
        if reason is None and self._waiting:
            waiting, self._waiting = self._waiting, []
            self._caller = CallerTurn(stretches=waiting[:-1])
            self._answer(waiting[-1])
        return reason

    async def _hear_last_words(self) -> None:
        """What the caller said just before the end of the call is on record, where it is understood soon."""
        self._caller = self._caller or CallerTurn()
        self._caller.stretches += self._waiting
        await self._caller.hear_out(LAST_WORDS_S)

    def _close_caller_turn(self) -> None:
        caller, self._caller = self._caller, None
        if caller is not None and caller.stretches and not caller.answered:
            self._journal.caller_turn(caller)

    def _cut(self) -> None:
        """Stop what the agent says and does; what was heard of it enters the history."""
        if self._work is not None:
            self._last_agent_text = self._work.text or self._last_agent_text
            self._work.close()
        if self._caller is not None and self._caller.answered:
            self._caller = None
        if self._task is not None:
            self._cut_tasks.add(self._task)
            self._task.cancel()
            self._task = None

    @property
    def _closing(self) -> bool:
        return self._work is not None and self._work.final

    def _agent_voice(self) -> AgentVoice:
        work = self._work
        talks = self._stream.playout.busy or (work is not None and work.talking)
        protected = not self._agent.interruptible or self._closing or (work is not None and work.protected)
        return AgentVoice(talks, protected)

    def _agent_text(self) -> str:
        """What the agent says, or said last."""
        return (self._work.text if self._work is not None else "") or self._last_agent_text

    def _end_with(self, text: str, reason: EndedReason) -> None:
        if self._closing:
            return
        self._cut()
        self._close_caller_turn()
        self._start(self._begin().say_and_end(text, reason))

    def _silence_due(self) -> float | None:
        if self._task is None and self._caller_quiet.is_set() and not self._runs_on:
            self._silence.quiet(self._loop.time())
        return self._silence.due_at() if self._task is None else None

    def _break_silence(self) -> None:
        match self._silence.act(self._loop.time()):
            case SilenceAction.ASK | SilenceAction.END if self._opening.asking:
                self._start(self._opening.ask(self._begin()))
            case SilenceAction.ASK:
                self._start(self._begin().say_phrase(self._agent.phrases.still_there))
            case SilenceAction.END:
                self._end_with(self._agent.phrases.silence_goodbye, EndedReason.SILENCE_TIMEOUT)
