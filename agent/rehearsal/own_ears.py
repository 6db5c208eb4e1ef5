"""Our own ears: make text of what arrived at the caller's telephone, so that nobody has to take the agent's word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agent.settings import Settings
from agent.speech.stt import WyomingSpeechToText
from agent.testing.softphone.rtp import Pcm

DEADLINE_S = 60.0  # nobody waits on the line for it
LANGUAGE = "en"


async def transcribe(settings: Settings, sounds: Mapping[int, Pcm], folder: Path) -> dict[int, str]:
    """The text of each sound, by the speech recognition that `settings` names, in a process of our own.

    `folder` gets its socket. Raises ModelError, SetupError or SpeechToTextError.
    """
    from agent.workers.fleet import Fleet  # heavy, and few scenarios need it
    from agent.workers.supervisor import Supervisor

    fleet = Fleet(settings, folder)
    workers = Supervisor(spec for spec in fleet.specs if spec.name == "ears")
    await workers.start()
    try:
        ears = WyomingSpeechToText(fleet.stt_uri, DEADLINE_S)
        return {
            key: (await ears.transcribe(sound.astype("<i2").tobytes(), language=LANGUAGE)).text
            for key, sound in sounds.items()
        }
    finally:
        await workers.stop()
