"""Real calls, recorded: what the caller is told and asked, and what is in the file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from agent.media.pcm import rms_dbfs
from agent.rehearsal.own_ears import transcribe
from agent.settings import LlmSettings, Settings, StoreSettings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from agent.testing.measure import Span, read_tracks, speech_spans
from agent.testing.softphone.rtp import Pcm
from tests.acceptance.test_api import created
from tests.acceptance.theatre import GOODBYE, LISTEN, LLM, Played, Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")
QUESTION = "What are your opening hours on Saturday?"
ANNOUNCEMENT = "Please note that this conversation is recorded."
DESK = {
    "greeting": "Lakeside Dental, good day. How can I help you?",
    "instructions": "You are the receptionist of a dental practice.",
    "facts": ["We are open on Saturday from nine until twelve."],
}


@asynccontextmanager
async def back_end(folder: Path, port: int) -> AsyncIterator[aiohttp.ClientSession]:
    store = Store.of(StoreSettings(file=folder / "record.db"))
    _, secret = await ApiKeys(store).create("tests", frozenset({Scope.ADMIN}), datetime.now(UTC))
    await store.close()
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {secret}"}
    ) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="session")
async def api(theatre: Theatre) -> AsyncIterator[aiohttp.ClientSession]:
    async with back_end(theatre.folder, theatre.http_port) as session:
        yield session


async def employ(api: aiohttp.ClientSession, name: str, number: str, **recording: str) -> None:
    agent = await created(api, "/v1/agents", {"name": name, "recording": recording, **DESK})
    await created(api, "/v1/phone_numbers", {"number": number, "agent_id": agent["id"]})


async def call_with(api: aiohttp.ClientSession, call_id: str, until: str) -> dict[str, Any]:
    """The call as the event `until` carries it: waits for that event, from the call's beginning on."""
    async with api.get(f"/v1/calls/{call_id}/events/stream", timeout=aiohttp.ClientTimeout(sock_read=60)) as stream:
        assert stream.status == 200, await stream.text()
        async for line in stream.content:
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                if event["type"] == until:
                    call: dict[str, Any] = event["data"]["call"]
                    return call
    raise AssertionError(f"the stream ended without {until}")


async def fetched(api: aiohttp.ClientSession, call_id: str, path: Path) -> Path:
    """In two parts, as a player that seeks does it."""
    parts = []
    for wanted in ("bytes=0-9999", "bytes=10000-"):
        async with api.get(f"/v1/calls/{call_id}/recording", headers={"Range": wanted}) as answer:
            assert answer.status == 206, await answer.text()
            parts.append(await answer.read())
    await asyncio.to_thread(path.write_bytes, b"".join(parts))
    return path


def loudness(pcm: Pcm, span: Span) -> float:
    return rms_dbfs(pcm[span.start : span.end].astype("<i2").tobytes())


async def texts(played: Played, recorded: tuple[Pcm, Pcm], folder: Path) -> tuple[str, str, str]:
    """Of what the caller said and the agent said by the recording, and of what the telephone heard before it."""
    _, received = read_tracks(played.recording)
    first = speech_spans(received, join_ms=600)[0]
    sounds = {0: recorded[0], 1: recorded[1], 2: received[first.start : first.end]}
    (folder / "ears").mkdir()
    heard = await transcribe(Settings(llm=LlmSettings(model=LLM)), sounds, folder / "ears")
    return heard[0].lower(), heard[1].lower(), heard[2].lower()


async def test_each_side_is_on_its_track_and_the_announcement_comes_before(
    theatre: Theatre, api: aiohttp.ClientSession, tmp_path: Path
) -> None:
    await employ(api, "recorded-desk", "4100", consent="announced", announcement=ANNOUNCEMENT)
    played = await theatre.play([LISTEN, {"say": QUESTION}, LISTEN, *GOODBYE], to="4100")
    call = await call_with(api, played.call["id"], "call.recording.ready")
    recording = call["recording"]
    assert (recording["status"], recording["consent"], recording["format"]) == ("ready", "announced", "wav")
    path = await fetched(api, call["id"], tmp_path / "call.wav")
    assert path.stat().st_size == recording["size"]
    caller, agent = read_tracks(path)
    assert recording["seconds"] == len(caller) / 8000
    said, answered, heard_first = await texts(played, (caller, agent), tmp_path)
    assert "saturday" in said
    assert "goodbye" in said.replace("-", "").replace("good bye", "goodbye")
    assert "recorded" in heard_first
    assert "recorded" not in answered
    assert "dental" in answered
    assert played.turns[0]["text"].startswith(ANNOUNCEMENT)
    callers, agents = speech_spans(caller, join_ms=600), speech_spans(agent, join_ms=600)
    assert len(callers) >= 2
    for span in callers:
        assert loudness(caller, span) - loudness(agent, span) > 20
    assert loudness(agent, agents[0]) - loudness(caller, agents[0]) > 20
    sent, received = read_tracks(played.recording)
    assert abs(_wait(callers[0], agents) - _wait(speech_spans(sent, join_ms=600)[0], speech_spans(received))) < 3200


def _wait(question: Span, agent: list[Span]) -> int:
    """Samples from the end of the caller's question to the answer: the same in the recording and at the telephone, but
    for the way there and back."""
    return next(span.start for span in agent if span.start > question.end) - question.end


@pytest.mark.parametrize(
    ("number", "step", "consent", "by"),
    [
        ("4101", {"say": "Yes, that is fine."}, "granted", "voice"),
        ("4102", {"say": "No, thank you."}, "declined", "voice"),
        ("4103", {"dtmf": "1"}, "granted", "key"),
    ],
)
async def test_only_who_agrees_is_recorded(
    theatre: Theatre, api: aiohttp.ClientSession, number: str, step: dict[str, Any], consent: str, by: str
) -> None:
    await employ(api, f"asking-desk-{number}", number, consent="asked")
    played = await theatre.play([LISTEN, step, LISTEN, {"say": QUESTION}, LISTEN, {"hang_up": {}}], to=number)
    granted = consent == "granted"
    call = await call_with(api, played.call["id"], "call.recording.ready" if granted else "call.transcript.ready")
    assert (call["recording"]["consent"], call["recording"]["answered_by"]) == (consent, by)
    file = theatre.folder / "recordings" / f"{call['id']}.wav"
    assert file.exists() is granted
    async with api.get(f"/v1/calls/{call['id']}/recording") as answer:
        assert answer.status == (200 if granted else 404)
    assert any(turn["speaker"] == "agent" and "lakeside" in turn["text"].lower() for turn in played.turns)
    async with api.delete(f"/v1/calls/{call['id']}") as answer:
        assert answer.status == 204
    assert not file.exists()
