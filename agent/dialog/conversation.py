"""One call's loop: wires ears, mind and mouth by what turn-taking decides.

Everything that happens (the caller's speech, the end of a piece of work, a time limit, the end of the stream) comes
through one queue and is handled in order, so nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace

from agent.dialog.drafting import Drafting
from agent.dialog.history import History
from agent.dialog.journal import Journal
from agent.dialog.listener import Draft, Heard, Listener, Utterance
from agent.dialog.prompts import system_prompt
from agent.dialog.silence import SilenceAction, SilenceWatch
from agent.dialog.turn_taking import Interrupted, NoiseOver, Resumed, SpeechBegan, TurnTaking
from agent.dialog.work import Parts, Work
from agent.domain.agent import Agent
from agent.domain.call import Call, EndedReason
from agent.media.ending import MediaEnd
from agent.media.outcome import Outcome
from agent.media.stream import MediaStream


@dataclass(frozen=True, slots=True)
class _WorkDone:
    task: asyncio.Task[EndedReason | None]


@dataclass(frozen=True, slots=True)
class _MustEnd:
    """The call may not go on: its time is up, or the agent is being shut down."""

    text: str
    reason: EndedReason


@dataclass(frozen=True, slots=True)
class _SilenceDue:
    """Nobody may have said anything for too long."""


@dataclass(frozen=True, slots=True)
class _StreamClosed:
    """No sound can be sent or heard any more."""


@dataclass(frozen=True, slots=True)
class _Key:
    """The caller pressed a key."""


_Input = Heard | _WorkDone | _MustEnd | _SilenceDue | _StreamClosed | _Key


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
        closing: asyncio.Event,
    ) -> None:
        """`keys` brings the digits that the caller presses; `closing` is set when the agent is shut down."""
        self._parts = parts
        self._agent = agent
        self._stream = stream
        self._keys = keys
        self._server_closes = closing
        self._loop = asyncio.get_running_loop()
        llm = parts.settings.llm
        history = History(system_prompt(agent), context_tokens=llm.context_tokens, answer_tokens=llm.max_tokens)
        self._journal = Journal(call.id, history, parts.sink)
        self._silence = SilenceWatch(agent.limits)
        self._inputs: asyncio.Queue[_Input] = asyncio.Queue()
        self._listener = Listener(
            parts.detector(),
            TurnTaking(parts.settings.turns),
            agent_talks=lambda: stream.playout.busy,
            heard=self._inputs.put_nowait,
        )
        self._caller_quiet = asyncio.Event()
        self._caller_quiet.set()
        self._prompt_read = asyncio.create_task(parts.mind.prefill(history.messages()), name="prefill")
        self._work: Work | None = None
        self._task: asyncio.Task[EndedReason | None] | None = None
        self._drafting = Drafting(parts.ears, agent.language)
        self._cut_tasks: set[asyncio.Task[EndedReason | None]] = set()
        self._waiting: Utterance | None = None
        self._was_cut = False

    async def run(self) -> EndedReason:
        """Talk until somebody ends it; returns why, after the last word was played.

        `caller_hangup` stands for any end of the stream that was not ours. Cancelling ends it at once.
        """
        background: list[asyncio.Task[None]] = [
            asyncio.create_task(self._listener.run(self._stream.frames), name="listener"),
            self._prompt_read,
            asyncio.create_task(self._watch_keys(), name="keys"),
            asyncio.create_task(self._watch_closing(), name="closing"),
        ]
        self._stream.closed.add_done_callback(self._stream_closed)
        time_up = _MustEnd(self._agent.phrases.time_is_up, EndedReason.MAX_DURATION)
        timer = self._loop.call_later(self._agent.limits.max_duration_s, self._inputs.put_nowait, time_up)
        silence: asyncio.TimerHandle | None = None
        try:
            self._start(self._begin().say_phrase(self._agent.greeting))
            while True:
                reason = self._handle(await self._inputs.get())
                if reason is not None:
                    return reason
                if silence is not None:
                    silence.cancel()
                silence = self._watch_silence()
        finally:
            self._stream.closed.remove_done_callback(self._stream_closed)
            timer.cancel()
            if silence is not None:
                silence.cancel()
            self._cut()
            for task in background:
                task.cancel()
            await asyncio.gather(*background, *self._cut_tasks, self._drafting.close(), return_exceptions=True)

    def _handle(self, happened: _Input) -> EndedReason | None:
        match happened:
            case SpeechBegan():
                self._caller_quiet.clear()
                self._silence.sound()
            case Draft():
                self._drafting.begin(happened)
            case Resumed():
                self._drafting.forget()
            case NoiseOver():
                self._drafting.forget()
                self._caller_quiet.set()
            case Interrupted():
                if self._agent.interruptible and not self._closing:
                    self._was_cut = self._stream.playout.busy
                    self._cut()
            case Utterance():
                self._caller_quiet.set()
                self._take(happened)
            case _Key():
                self._silence.sound()
            case _WorkDone(task):
                return self._finish(task)
            case _SilenceDue():
                self._break_silence()
            case _MustEnd(text, reason):
                self._end_with(text, reason)
            case _StreamClosed():
                return EndedReason.CALLER_HANGUP
        return None

    def _take(self, utterance: Utterance) -> None:
        if self._closing:
            return
        if not self._agent.interruptible and self._stream.playout.busy:
            self._waiting = utterance  # answered when the agent has finished
            return
        unheard = self._work.uncommitted if self._work else None
        if unheard is not None:
            utterance = replace(
                utterance,
                pcm=unheard.pcm + utterance.pcm,
                started_s=unheard.started_s,
                speech_ms=unheard.speech_ms + utterance.speech_ms,
            )
        self._cut()
        begun = self._drafting.claim(utterance) if unheard is None else None
        self._start(self._begin().respond(utterance, cut_agent_short=self._was_cut, begun=begun))
        self._was_cut = False

    def _begin(self) -> Work:
        self._silence.sound()
        self._work = Work(
            self._parts,
            self._agent,
            self._journal,
            self._stream.playout,
            caller_quiet=self._caller_quiet,
            prompt_read=self._prompt_read,
        )
        return self._work

    def _start(self, work: Coroutine[None, None, EndedReason | None]) -> None:
        self._task = asyncio.create_task(work, name="turn")
        self._task.add_done_callback(lambda task: self._inputs.put_nowait(_WorkDone(task)))

    def _finish(self, task: asyncio.Task[EndedReason | None]) -> EndedReason | None:
        self._cut_tasks.discard(task)
        if task is not self._task:
            return None
        self._task = None
        if self._work is not None:
            self._work.close()
            if self._work.understood:
                self._silence.words()
        reason = task.result()
        if reason is None and self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self._take(waiting)
        return reason

    def _cut(self) -> None:
        """Stop what the agent says and does; what was heard of it enters the history."""
        if self._work is not None:
            self._work.close()
        if self._task is not None:
            self._cut_tasks.add(self._task)
            self._task.cancel()
            self._task = None

    @property
    def _closing(self) -> bool:
        return self._work is not None and self._work.final

    def _end_with(self, text: str, reason: EndedReason) -> None:
        if self._closing:
            return
        self._cut()
        self._start(self._begin().say_and_end(text, reason))

    def _watch_silence(self) -> asyncio.TimerHandle | None:
        if self._task is None and self._caller_quiet.is_set():
            self._silence.quiet(self._loop.time())
        due = self._silence.due_at()
        return None if due is None else self._loop.call_at(due, self._inputs.put_nowait, _SilenceDue())

    def _break_silence(self) -> None:
        match self._silence.act(self._loop.time()):
            case SilenceAction.ASK:
                self._start(self._begin().say_phrase(self._agent.phrases.still_there))
            case SilenceAction.END:
                self._end_with(self._agent.phrases.silence_goodbye, EndedReason.SILENCE_TIMEOUT)

    async def _watch_keys(self) -> None:
        while True:
            await self._keys.get()
            self._inputs.put_nowait(_Key())

    async def _watch_closing(self) -> None:
        await self._server_closes.wait()
        self._inputs.put_nowait(_MustEnd(self._agent.phrases.shutting_down, EndedReason.SERVER_SHUTDOWN))

    def _stream_closed(self, _closed: Outcome[MediaEnd]) -> None:
        self._inputs.put_nowait(_StreamClosed())
