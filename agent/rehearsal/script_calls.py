"""Rehearses a call script by real calls: an Asterisk and an agent of its own, and simulated callees at a softphone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from agent.asterisk.bundles import bundle
from agent.dialog.opt_out import wants_no_more_calls
from agent.domain.agent import Agent
from agent.domain.events import ScriptProgressed, TurnEnded
from agent.domain.script import CallScript
from agent.domain.script_rehearsal import Caller, RehearsalReport, Rehearsed, RehearsedTurn
from agent.domain.script_text import filled
from agent.errors import ConfigurationError
from agent.rehearsal.callee import Talk, perform_callee
from agent.rehearsal.cast import Cast
from agent.rehearsal.events import EventDict
from agent.rehearsal.moments import nobody
from agent.rehearsal.props import Props
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.script_talk import ScriptTalker
from agent.rehearsal.stage import Stage
from agent.scripts.callees import Callee, callees
from agent.scripts.person import Person
from agent.scripts.rehearsal import coverage
from agent.settings import Settings
from agent.testing.softphone import PhoneCall, Softphone
from agent.testing.softphone.rtp import Pcm
from agent.testing.tone import tone
from agent.testing.voice import CallerVoice

LANGUAGE = "en"
"""Of the voice that callees have."""
PERSONS, MACHINES = "rehearsed", "rehearsed-machine"
"""The agent for calls to persons, which speaks first, and the one that finds out that a machine answers."""
NUMBER = "+4930231250{:02d}"
"""Of the callees: reserved for stories, and reached by nobody but the softphone."""
RINGS_MS = 3000
"""People take some seconds to answer; the agent makes its first sentences meanwhile."""
GREETING = "You have reached Anna Miller. I cannot take your call right now. Please leave a message after the tone."
BEEP_HZ, BEEP_S = 1000, 0.5
ALONE: Mapping[str, Mapping[str, str]] = {
    "media": {"realtime": "false"},
    "bus": {"url": "", "url_file": ""},
    "webhooks": {"lookup_url": "", "tool_url": ""},
    "tracing": {"otlp_endpoint": ""},
    "stt": {"deadline_s": "60"},
    "llm": {"deadline_s": "60"},
    "tts": {"deadline_s": "60"},
}
"""Settings of the agent: live calls on the same machine go first, which makes a rehearsal slower and must not end it;
and nobody outside hears of it."""


@dataclass(frozen=True, slots=True)
class ScriptCalls:
    """One rehearsal."""

    script: CallScript
    folder: Path
    """For recordings, logs and private files."""
    today: date
    settings: Settings
    agent: Agent | None = None
    """Whose voice, phrases and patience the script is spoken with; None: the usual ones."""
    config: Path | None = None
    llm: str | None = None
    """Replaces `llm.model`."""
    kinds: Collection[Caller] = tuple(Caller)
    told: Callable[[Rehearsed], None] = lambda _call: None
    """Told of each call that is over."""

    async def run(self) -> RehearsalReport:
        """Call all callees, one after the other.

        Raises ConfigurationError, SetupError or ModelError where nothing can be rehearsed; nothing is left running.
        """
        if self.script.language != LANGUAGE:
            raise ConfigurationError(
                f"Callees at the telephone speak English, and the script is in “{self.script.language}”: "
                "rehearse it in writing."
            )
        voice = CallerVoice()
        prefix = await asyncio.to_thread(bundle, "asterisk")
        cast = Cast({one.name: one for one in self._agents()}, {})
        done: list[tuple[Rehearsed, set[str]]] = []
        async with AsyncExitStack() as stack:
            phone = await stack.enter_async_context(Softphone())
            called = await phone.listen(self.folder)
            stage = Stage(
                prefix, cast, self.folder / "stage", config=self.config, llm=self.llm, settings=ALONE,
                callees=called,
            )  # fmt: skip
            people = [(callee, await self._talk(callee, voice)) for callee in self._callees()]
            await stack.enter_async_context(stage)
            for number, (callee, talk) in enumerate(people, 1):
                done.append(await self._call(number, callee, talk, phone=phone, stage=stage))
                self.told(done[-1][0])
        return self._rehearsal(done)

    def _agents(self) -> Iterator[Agent]:
        own: dict[str, Any] = {}
        if self.agent is not None:
            kept = ("voice", "interruptible", "limits", "phrases", "facts")
            own = {name: getattr(self.agent, name) for name in kept}
        agent = Agent(
            name=PERSONS, greeting="Hello.", instructions="You follow your script.", script=self.script,
            variables=self.script.variables, language=self.script.language, **own,
        )  # fmt: skip
        yield agent.model_copy(update={"voicemail": agent.voicemail.model_copy(update={"detect": False})})
        yield agent.model_copy(
            update={"name": MACHINES, "voicemail": agent.voicemail.model_copy(update={"detect": True})}
        )

    def _callees(self) -> Iterator[Callee]:
        yield from (callee for callee in callees(self.script) if callee.kind in self.kinds)
        if Caller.VOICEMAIL in self.kinds:
            yield Callee(Caller.VOICEMAIL)

    async def _talk(self, callee: Callee, voice: CallerVoice) -> ScriptTalker | _Machine:
        if callee.kind is Caller.VOICEMAIL:
            return _Machine(np.concatenate([await voice.speak(GREETING), tone(BEEP_HZ, BEEP_S)]))
        person = Person(callee, self.script, today=self.today)
        await voice.prepare(person.sentences)
        return ScriptTalker(person, {text: await voice.speak(text) for text in person.sentences})

    async def _call(
        self, number: int, callee: Callee, talk: ScriptTalker | _Machine, *, phone: Softphone, stage: Stage
    ) -> tuple[Rehearsed, set[str]]:
        """The call, and the exits that it came to, also one that was left again."""
        machine = callee.kind is Caller.VOICEMAIL
        scenario = Scenario.model_validate(
            {
                "name": f"{number} {callee.kind}",
                "direction": "outbound",
                "to": NUMBER.format(number),
                "agent": MACHINES if machine else PERSONS,
                "variables": self.script.variables,
                "answer": {"after_ms": RINGS_MS},
                "callee": [{"wait_for_end": {}}],
            }
        )
        recording = self.folder / f"{number}-{callee.kind.value}.wav"
        led: Talk = talk
        performance = await perform_callee(
            scenario, Props((), None), phone=phone, order=stage.order, feed=stage.feed, recording=recording,
            watch=nobody, talk=led,
        )  # fmt: skip
        call = self._told(callee, talk.said, performance.events, performance.troubles, recording)
        return call, {
            one["progress"]["exit"]
            for one in performance.events
            if _is(one, ScriptProgressed) and one["progress"]["exit"]
        }

    def _told(
        self, callee: Callee, said: Sequence[str], events: Sequence[EventDict], troubles: Sequence[str], file: Path
    ) -> Rehearsed:
        progress = [one["progress"] for one in events if _is(one, ScriptProgressed)]
        last: Mapping[str, Any] = progress[-1] if progress else {}
        calls = [one["call"] for one in events if one["type"] == "call.changed"]
        turns = [
            RehearsedTurn(speaker="agent" if turn["speaker"] == "agent" else "callee", text=turn["text"])
            for turn in (one["turn"] for one in events if _is(one, TurnEnded))
        ]
        spoken = " ".join(turn.text for turn in turns if turn.speaker == "agent")
        disclosures = [
            " ".join(filled(one, self.script.variables, self.script.facts).split()) for one in self.script.disclosures
        ]
        return Rehearsed(
            caller=callee.kind,
            exit=last.get("exit"),
            outcome=last.get("outcome"),
            success=last.get("success"),
            slots=last.get("slots", {}),
            states=list(dict.fromkeys(one["state"] for one in progress)),
            turns=turns,
            opted_out=any(wants_no_more_calls(turn.text) for turn in turns if turn.speaker == "callee"),
            said=list(said),
            ended_reason=calls[-1]["ended_reason"] if calls else None,
            disclosures_missing=[one for one in disclosures if one not in spoken],
            recording=file.name,
            troubles=list(troubles),
        )

    def _rehearsal(self, done: Sequence[tuple[Rehearsed, set[str]]]) -> RehearsalReport:
        calls = [call for call, _ in done]
        came = coverage(self.script, calls, exits=set[str | None]().union(*(exits for _, exits in done)))
        heard = [call for call in calls if call.caller is not Caller.VOICEMAIL]
        missing = {one for call in heard for one in call.disclosures_missing or ()}
        return RehearsalReport(coverage=came.model_copy(update={"disclosures": sorted(missing)}), conversations=calls)


class _Machine:
    """An answering machine: its greeting, a beep, and silence."""

    def __init__(self, greeting: Pcm) -> None:
        self._greeting = greeting
        self.said: list[str] = []

    async def __call__(self, call: PhoneCall, events: Sequence[EventDict]) -> str | None:
        del events
        self.said.append(GREETING)
        await call.say(self._greeting)
        await asyncio.shield(call.ended)
        return None


def _is(event: EventDict, kind: type[ScriptProgressed | TurnEnded]) -> bool:
    return bool(event["type"] == kind.type)
