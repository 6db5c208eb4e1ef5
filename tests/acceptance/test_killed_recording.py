"""The server is killed while it records a real call."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import psutil

from agent.asterisk.bundles import bundle
from agent.domain.agent import RecordingConsent, RecordingPolicy
from agent.rehearsal.cast import Cast
from agent.rehearsal.moments import MomentKind
from agent.rehearsal.stage import Stage
from agent.settings import AgentsSettings
from agent.testing.measure import read_tracks, speech_spans
from tests.acceptance.test_recordings import QUESTION, back_end, call_with, fetched
from tests.acceptance.theatre import LISTEN, LLM, Theatre


async def test_a_recording_outlives_the_process_that_is_killed_while_it_writes(tmp_path: Path) -> None:
    prefix = await asyncio.to_thread(bundle, "asterisk")
    configured = Cast.of(AgentsSettings())
    desk = configured.agents["receptionist"]
    recorded = desk.model_copy(update={"recording": RecordingPolicy(consent=RecordingConsent.ANNOUNCED)})
    cast = Cast({**configured.agents, desk.name: recorded}, configured.numbers)
    async with Stage(prefix, cast, tmp_path, llm=LLM) as stage:
        theatre = Theatre(stage, tmp_path)
        agent = psutil.Process(stage.agent_pid)
        await theatre.play(
            [LISTEN, {"say": QUESTION}, {"wait_for_end": {"timeout_s": 30}}],
            on={MomentKind.CALLER_SAID: agent.kill},
        )
    (left,) = (tmp_path / "recordings").iterdir()
    with wave.open(str(left)) as playable:
        seconds = playable.getnframes() / 8000
    assert seconds > 1
    async with (
        Stage(prefix, cast, tmp_path, llm=LLM) as stage,
        back_end(tmp_path, Theatre(stage, tmp_path).http_port) as api,
    ):
        call = await call_with(api, left.stem, "call.recording.ready")
        assert call["ended_reason"] == "internal_error"
        assert call["recording"]["seconds"] >= seconds
        caller, agent_side = read_tracks(await fetched(api, left.stem, tmp_path / "call.wav"))
    assert speech_spans(agent_side)
    assert speech_spans(caller)
