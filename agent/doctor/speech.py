"""Ears, mind and mouth at work: a sentence is spoken, carried through a call, understood, and answered."""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

from agent.dialog.history import Message, Role
from agent.dialog.mind import ChatModel, Piece
from agent.dialog.prompts import opening
from agent.dialog.tool_request import ToolRequest
from agent.doctor.check import Check, broken, failed, good, skipped, warning
from agent.doctor.loop_call import loop_call
from agent.doctor.ports import RunningAgent
from agent.domain.agent import Agent
from agent.domain.briefing import briefed
from agent.errors import PhoneAgentError, SpeechToTextError, TextToSpeechError
from agent.settings import Settings
from agent.speech.sentences import SentenceSplitter
from agent.speech.stt import WyomingSpeechToText
from agent.speech.tts import WyomingTextToSpeech
from agent.workers.fleet import Fleet
from agent.workers.supervisor import Supervisor

PARTS = ("mouth", "ears", "mind")
ENGLISH = "Please call me back tomorrow morning."
QUESTION = "Hello, can you hear me?"
ENOUGH_WORDS = 0.5
"""Of the sentence, understood: names of companies are misheard by the best ears."""
SLOW_S = {"mouth": 1.0, "ears": 1.5, "mind": 2.0}
"""A call with slower parts is a call with long pauses."""
AFTER_S = 0.5
"""Silence after the sentence that is heard too, so that nothing on its way is lost."""
_SETTINGS = {
    "workers": 'see stt.model, tts.voice and llm.model; `phone-agent serve` with log.level = "debug" shows more.',
    "mouth": "see that tts.uri or tts.voice is right.",
    "ears": "see that stt.uri or stt.model is right.",
    "mind": "see that llm.base_url, llm.api_key and llm.model are right.",
}
_FASTER = {
    "mouth": "set tts.threads to more of this machine's cores, or tts.uri to a faster one.",
    "ears": "take a smaller stt.model, set stt.threads to more of this machine's cores, or stt.uri to a faster one.",
    "mind": "take a smaller llm.model, or set llm.base_url to a faster machine.",
}


async def check_speech(
    settings: Settings, agent: Agent, voices: set[str], *, running: RunningAgent | None, through_call: bool
) -> list[Check]:
    """A check each for mouth, ears and mind. Starts our own workers where they are not running already.

    `through_call`: the sentence goes through a real call; otherwise from mouth to ears directly.
    """
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="phone-agent-doctor-"))
        try:
            fleet = Fleet(settings, Path(folder), voices=voices)
        except PhoneAgentError as error:
            return [
                failed("workers", error, _SETTINGS["workers"]),
                *(skipped(part, "workers are broken") for part in PARTS),
            ]
        if fleet.specs and running is not None:
            return [_of_running(part, running) for part in PARTS]
        workers = Supervisor(fleet.specs)
        stack.push_async_callback(workers.stop)
        try:
            await workers.start()
        except PhoneAgentError as error:
            return [
                failed("workers", error, _SETTINGS["workers"]),
                *(skipped(part, "workers are broken") for part in PARTS),
            ]
        mouth, sound = await _check_mouth(settings, agent, fleet)
        ears = await _check_ears(settings, agent, fleet, sound, through_call=through_call, any_port=running is not None)
        return [mouth, ears, await _check_mind(settings, agent, fleet)]


def sentence_of(agent: Agent) -> str:
    """What is spoken: in English something without names, otherwise the first sentence of the agent's own greeting."""
    if agent.language == "en":
        return ENGLISH
    splitter = SentenceSplitter(first_clause_chars=0)
    return next(iter([*splitter.feed(agent.greeting), *splitter.flush()]), agent.greeting)


def understood(said: str, heard: str) -> float:
    """Share of the words said that were heard, 0 to 1. Pure."""
    words = _words(said)
    left = _words(heard)
    found = 0
    for word in words:
        if word in left:
            left.remove(word)
            found += 1
    return found / len(words) if words else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower().replace("'", ""))


def _of_running(part: str, running: RunningAgent) -> Check:
    if running.checks.get(part, True):
        return good(part, f"the running agent says that its {part} can work")
    return broken(part, "worker_not_ready", f"the running agent says that its {part} cannot work", "see its log.")


async def _check_mouth(settings: Settings, agent: Agent, fleet: Fleet) -> tuple[Check, bytes]:
    mouth = WyomingTextToSpeech(fleet.tts_uri, settings.tts.deadline_s, settings.tts.voice)
    started = time.monotonic()
    try:
        sound = await mouth.synthesize(sentence_of(agent), voice=agent.voice)
    except TextToSpeechError as error:
        return failed("mouth", error, _SETTINGS["mouth"]), b""
    took_s = time.monotonic() - started
    if not any(sound):
        return broken("mouth", "tts_silent", "the mouth gave no sound", _SETTINGS["mouth"]), b""
    return _timed("mouth", f"spoke {len(sound) / 16000:.1f} s of sound in {took_s:.2f} s", took_s), sound


async def _check_ears(
    settings: Settings, agent: Agent, fleet: Fleet, sound: bytes, *, through_call: bool, any_port: bool
) -> Check:
    if not sound:
        return skipped("ears", "the mouth is broken")
    way = "through a call" if through_call else "directly, without a call,"
    try:
        heard = await _carried(settings, sound, any_port=any_port) if through_call else sound
        ears = WyomingSpeechToText(fleet.stt_uri, settings.stt.deadline_s)
        transcript = await ears.transcribe(heard, language=agent.language)
    except SpeechToTextError as error:
        return failed("ears", error, _SETTINGS["ears"])
    except PhoneAgentError as error:
        return failed("ears", error, "see Asterisk's log.")
    said = sentence_of(agent)
    share = understood(said, transcript.text)
    message = f"understood {share:.0%} of {said!r} {way} in {transcript.seconds:.2f} s"
    if not transcript.text.strip():
        return broken("ears", "stt_deaf", "the ears understood nothing", _SETTINGS["ears"])
    if share < ENOUGH_WORDS:
        return warning(
            "ears", "stt_misheard", f"{message}: {transcript.text!r}",
            "take a larger stt.model, or one for the agent's language.",
        )  # fmt: skip
    return _timed("ears", message, transcript.seconds)


async def _carried(settings: Settings, sound: bytes, *, any_port: bool) -> bytes:
    """The sound as the agent hears it when a caller says it. Raises PhoneAgentError."""
    heard: list[bytes] = []
    async with loop_call(settings, any_port=any_port) as call:

        async def listen() -> None:
            async for frame in call.agent.frames:
                heard.append(frame)

        listener = asyncio.create_task(listen())
        try:
            call.caller.playout.play(sound)
            await call.caller.playout.play(bytes(round(AFTER_S * 16000))).done
        finally:
            listener.cancel()
            await asyncio.wait({listener})
    return b"".join(heard)


async def _check_mind(settings: Settings, agent: Agent, fleet: Fleet) -> Check:
    llm = settings.llm
    mind = ChatModel(
        base_url=fleet.llm_base_url,
        api_key=fleet.llm_api_key,
        model=fleet.llm_model,
        temperature=llm.temperature,
        max_tokens=llm.max_tokens,
        deadline_s=llm.deadline_s,
        schema_bound=llm.schema_bound,
    )
    messages = [opening(briefed(agent)), Message(Role.CALLER, QUESTION)]
    try:
        await mind.prefill(messages)  # as while a greeting is played
        started = time.monotonic()
        async with contextlib.aclosing(cast("AsyncGenerator[Piece, None]", mind.stream(messages))) as pieces:
            async for piece in pieces:
                if isinstance(piece, ToolRequest) or piece.strip():
                    took_s = time.monotonic() - started
                    return _timed("mind", f"began to answer after {took_s:.2f} s", took_s)
    except PhoneAgentError as error:
        return failed("mind", error, _SETTINGS["mind"])
    finally:
        await mind.close()
    return broken("mind", "llm_silent", "the language model answered nothing", "take another llm.model.")


def _timed(part: str, message: str, took_s: float) -> Check:
    if took_s > SLOW_S[part]:
        return warning(part, f"{part}_slow", f"{message}: callers will wait", _FASTER[part])
    return good(part, message)
