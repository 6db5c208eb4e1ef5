"""Calls that the agent makes to machines and people: real SIP and Asterisk, real ears and mouth.

The ears are a process of the test's, which tells afterwards what the machine recorded, too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from agent.asterisk.config import Trunk
from agent.rehearsal.words import word_errors
from agent.settings import LlmSettings, Settings
from agent.speech.stt import WyomingSpeechToText
from agent.testing.callees import Callee, answers, hangs_up_after
from agent.testing.measure import Pcm, read_tracks
from agent.testing.model_servers import ModelServers
from agent.testing.softphone import PhoneCall
from agent.testing.softphone.account import Account
from agent.testing.softphone.rtp import RATE
from agent.testing.tone import tone
from agent.testing.trunk_peer import TrunkPeer
from agent.testing.voice import CallerVoice
from agent.workers.fleet import Fleet
from agent.workers.supervisor import Supervisor
from tests.acceptance.station import PATIENCE_S, Station, station

pytestmark = pytest.mark.asyncio(loop_scope="session")
MESSAGE = "This is Lakeside Dental for {{name}}. Please call us back tomorrow."
SAID = "This is Lakeside Dental for Anna. Please call us back tomorrow."
GREETING = "Hello, this is Lakeside Dental."
ACCOUNT = Account("line", "line-password")
MACHINE, PERSON, MUTE, FULL = "+493012345601", "+493012345602", "+493012345603", "+493012345604"
SAYINGS = {
    MACHINE: "Hi, you have reached the voicemail of Thomas. Please leave a message after the tone.",
    PERSON: "Hello, this is Andrea speaking.",
    FULL: "The mailbox you have reached is full and cannot accept any messages. Please try again later. Goodbye.",
}
BEEP_AFTER_S = 0.7


async def test_who_answers_decides_what_is_said(tmp_path: Path) -> None:
    voice = CallerVoice()
    await voice.prepare(SAYINGS.values())
    sounds = {number: await voice.speak(text) for number, text in SAYINGS.items()}
    beeped: list[int] = []
    callees: dict[str, Callee] = {
        MACHINE: answers(_machine(sounds[MACHINE], beeped)),
        PERSON: answers(_person(sounds[PERSON])),
        MUTE: answers(hangs_up_after(_hears_the_agent)),
        FULL: answers(lambda call: call.say(sounds[FULL])),
    }
    async with (
        TrunkPeer(callees.__getitem__, tmp_path, account=ACCOUNT) as peer,
        ModelServers() as no_mind,
        _ears(tmp_path / "ears") as ears_uri,
    ):
        trunk = Trunk("line", *peer.address, ACCOUNT.user, ACCOUNT.password)
        line = {"endpoint": "line", "caller_id": "+493087654321", "calls_per_second": 10}
        settings = {
            "outbound": {"allow": "+4930", "trunks": json.dumps({"line": line})},
            "llm": no_mind.settings["llm"],
            "stt": {"uri": ears_uri},
        }
        async with station(tmp_path, settings, trunks=(trunk,)) as opened, opened.api() as api:
            await _make_agent(api)
            made = [await _call(api, number) for number in (MACHINE, PERSON, MUTE, FULL)]
            for call_id in made:
                await _over(opened, call_id)
        over = {call["to"]: call for call in await opened.calls()}
        [recording] = [call.recording for call in peer.calls if call.number == MACHINE]
        _, received = await asyncio.to_thread(read_tracks, recording)
        recorded = received[beeped[0] :].astype("<i2").tobytes()
        message = (await WyomingSpeechToText(ears_uri, PATIENCE_S).transcribe(recorded, language="en")).text
    assert {number: call["answered_by"]["by"] for number, call in over.items()} == {
        MACHINE: "voicemail", PERSON: "person", MUTE: "uncertain", FULL: "mailbox_full",
    }  # fmt: skip
    assert {number: call["ended_reason"] for number, call in over.items()} == {
        MACHINE: "voicemail", PERSON: "caller_hangup", MUTE: "caller_hangup", FULL: "voicemail",
    }  # fmt: skip
    assert not received[: beeped[0]].any(), "the agent spoke before the beep"
    assert word_errors(SAID, message).rate <= 0.25, message


@asynccontextmanager
async def _ears(folder: Path) -> AsyncIterator[str]:
    fleet = Fleet(Settings(llm=LlmSettings(base_url="http://127.0.0.1:9/v1", model="none")), folder)
    workers = Supervisor(spec for spec in fleet.specs if spec.name == "ears")
    try:
        await workers.start()
        yield fleet.stt_uri
    finally:
        await workers.stop()


def _machine(greeting: Pcm, beeped: list[int]) -> Callable[[PhoneCall], Awaitable[object]]:
    async def talk(call: PhoneCall) -> None:
        silence = np.zeros(round(BEEP_AFTER_S * RATE), np.int16)
        span = await call.say(np.concatenate([greeting, silence, tone(1000, 0.4)]))
        beeped.append(span.end)
        await asyncio.shield(call.ended)

    return talk


def _person(hello: Pcm) -> Callable[[PhoneCall], Awaitable[object]]:
    async def talk(call: PhoneCall) -> None:
        span = await call.say(hello)
        await call.agent_started(after=span.end)
        await call.agent_quiet(700, after=span.end)
        await call.hang_up()

    return talk


async def _hears_the_agent(call: PhoneCall) -> None:
    await call.agent_started()
    await call.agent_quiet(700)


async def _make_agent(api: aiohttp.ClientSession) -> None:
    body: dict[str, Any] = {
        "name": "caller",
        "greeting": GREETING,
        "instructions": "Be brief.",
        "voicemail": {"action": "leave_message", "message": MESSAGE},
    }
    async with api.post("/v1/agents", json=body) as answer:
        assert answer.status == 201, await answer.text()


async def _call(api: aiohttp.ClientSession, number: str) -> str:
    body = {"to": number, "agent": "caller", "variables": {"name": "Anna"}}
    async with api.post("/v1/calls", json=body) as answer:
        assert answer.status in {200, 201, 202}, await answer.text()
        made: str = (await answer.json())["id"]
        return made


async def _over(opened: Station, call_id: str) -> None:
    def ended() -> bool:
        return any(
            event["type"] == "call.changed" and event["call"]["id"] == call_id and event["call"]["ended_at"]
            for event in opened.events
        )

    await opened.until(ended)
