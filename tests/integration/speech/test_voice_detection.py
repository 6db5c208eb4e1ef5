"""Voice detection on voices: the test voice, and people recorded at home and in a studio."""

from __future__ import annotations

import asyncio
import wave

from agent.asterisk.bundles import bundle
from agent.asterisk.recordings import prompts, voices
from agent.speech.resampling import resample
from agent.speech.vad import VoiceDetector
from agent.testing.voice import CallerVoice


def share_of_speech(pcm: bytes) -> float:
    detector = VoiceDetector()
    judged = [p for start in range(0, len(pcm), 320) for p in detector.feed(pcm[start : start + 320])]
    return sum(p > 0.5 for p in judged) / len(judged)


async def test_the_test_voice_is_a_voice() -> None:
    pcm = (await CallerVoice().speak("I would like to order a birthday cake.")).tobytes()
    assert share_of_speech(pcm) > 0.6
    assert share_of_speech(bytes(len(pcm))) == 0


async def test_recorded_people_are_voices() -> None:
    recordings = voices(await asyncio.to_thread(bundle, "voices"))
    recordings += [one for one in prompts(await asyncio.to_thread(bundle, "prompts")) if len(one.text) > 40][::20]
    shares = {}
    for recording in recordings:
        with wave.open(str(recording.path)) as file:
            shares[recording.path.name] = share_of_speech(
                resample(file.readframes(file.getnframes()), file.getframerate(), 8000)
            )
    assert {name: share for name, share in shares.items() if share < 0.5} == {}
