"""The second half of `make containers`: starts both images' processes on loopback and places one real call.

Usage: containers_call.py WORK_FOLDER BUILDAH_OPTION…; phone-agent-asterisk and phone-agent must be among the images.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sys
import wave
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import numpy as np
import psutil
from container import LOOPBACK, Container

from agent.errors import PhoneAgentError, SetupError
from agent.models.choice import SMALL
from agent.models.store import ModelStore
from agent.rehearsal.director import Director, Line
from agent.rehearsal.environment import overrides
from agent.rehearsal.moments import Moment
from agent.rehearsal.scenario import Step
from agent.settings import Settings
from agent.testing.softphone.phone import Softphone
from agent.testing.voice import CallerVoice
from agent.workers.whisper import Whisper

QUESTION = "What are your opening hours on Saturday?"
READY_S = 180.0
PATIENT_S = "60"
POLL_S = 0.5


def free_port() -> int:
    """Free at this moment, for TCP and UDP."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind((LOOPBACK, 0))
        udp.bind(tcp.getsockname())
        port: int = tcp.getsockname()[1]
        return port


def volume(work: Path, name: str, owner: Container) -> Path:
    """An empty volume that belongs to the container's user, as Docker makes one from the image's folder."""
    path = work / "volumes" / name
    path.mkdir(parents=True)
    user, group = owner.user
    os.chown(path, int(user), int(group))
    path.chmod(0o2750)
    return path


async def healthy(asterisk: Container) -> bool:
    """What the image's own health command says."""
    return await asterisk.run("/usr/share/phone-agent/asterisk-config/container/healthy") == 0


async def until(container: Container, what: str, ready: Callable[[], Awaitable[bool]]) -> None:
    """Ask `ready` again and again until it says yes. Raises SetupError if the container ends or it takes too long."""
    async with asyncio.timeout(READY_S):
        while not await ready():
            container.check_alive()
            await asyncio.sleep(POLL_S)
    print(f"{what}: healthy")


def show_moment(moment: Moment) -> None:
    """Print what happens in the call."""
    print(f"  {moment.kind:12} {moment.text}{f'  ({moment.ms:.0f} ms)' if moment.ms is not None else ''}")


def understood(whisper: Whisper, recording: Path, since: float, until_s: float) -> str:
    """What our own ears make of the caller's right track between two moments, in seconds."""
    with wave.open(str(recording), "rb") as file:
        tracks = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    heard = tracks[int(since * 8000) : int(until_s * 8000), 1].astype(np.float32) / 32768
    return whisper.transcribe(np.repeat(heard, 2), "en").text


async def call(sip_port: int, password: str, recording: Path) -> list[str]:
    """One call as the registered telephone `phone`; what the agent was heard to say, and what went wrong."""
    voice = CallerVoice()
    steps = [
        {"wait_for_agent": {}},
        {"say": QUESTION},
        {"wait_for_agent": {"quiet_ms": 3000, "timeout_s": 90}},
        {"hang_up": {}},
    ]
    parsed = [Step.model_validate(step) for step in steps]
    lines = [Line(1, step, await voice.speak(QUESTION) if step.say else None) for step in parsed]
    async with Softphone() as phone:
        placed = await phone.call(LOOPBACK, sip_port, "1000", recording=recording, user="phone", password=password)
        if not await placed.answered:
            raise SetupError(f"The call was not answered: {await placed.ended}.")
        director = Director(placed, show_moment)
        await director.play(lines)
        end = await placed.ended
        length = placed.position / 8000
    if director.trouble:
        raise SetupError(director.trouble)
    print(f"  {'ended':12} {end}")
    whisper = Whisper(ModelStore.of(Settings().models).path("whisper-base"), threads=2)
    question = director.said[0].span
    return [understood(whisper, recording, 0, question.start), understood(whisper, recording, question.end, length)]


async def agent_ready(port: int) -> bool:
    """Whether a call that came in now would be answered."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://{LOOPBACK}:{port}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def show_process(name: str, container: Container) -> None:
    """Print who runs what, as the kernel sees it."""
    process = psutil.Process(container.process.pid)
    status = Path(f"/proc/{process.pid}/status").read_text()
    rights = ", ".join(re.findall(r"^(?:CapBnd|NoNewPrivs):\t\w+", status, re.M)).replace("\t", " ")
    print(f"{name}: pid {process.pid}, user {process.uids().real}, {rights}: {' '.join(process.cmdline())[:90]}")


async def main(work: Path, buildah: list[str]) -> None:
    """Start both, call, stop both."""
    sip, ari, ami, media, http = (str(free_port()) for _ in range(5))
    asterisk = Container(buildah, "asterisk", work / "asterisk.log")
    agent = Container(buildah, "agent", work / "agent.log")
    secrets, state = volume(work, "secrets", asterisk), volume(work, "state", asterisk)
    models = ModelStore.of(Settings().models).folder
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asterisk.stop)
        await asterisk.start(
            {"SIP_BIND": LOOPBACK, "EXTERNAL_ADDRESS": LOOPBACK, "SIP_PORT": sip, "ARI_PORT": ari, "AMI_PORT": ami},
            {"/secrets": (secrets, "rw"), "/state": (state, "rw")},
        )
        await until(asterisk, "asterisk", lambda: healthy(asterisk))
        stack.push_async_callback(agent.stop)
        changes = {
            "asterisk": {"ari_url": f"http://{LOOPBACK}:{ari}", "ami_port": ami},
            "media": {"port": media, "advertise": f"{LOOPBACK}:{media}"},
            "http": {"bind": LOOPBACK, "port": http},
            "llm": {"model": SMALL, "deadline_s": PATIENT_S},  # whether it works is asked here, not how fast
            "stt": {"deadline_s": PATIENT_S},
            "tts": {"deadline_s": PATIENT_S},
        }
        record = volume(work, "record", agent)
        volumes = {"/secrets": (secrets, "ro"), "/models": (models, "ro"), "/record": (record, "rw")}
        await agent.start(overrides(changes), volumes)
        await until(agent, "agent", lambda: agent_ready(int(http)))
        show_process("asterisk", asterisk)
        show_process("agent", agent)
        print("one call through them:")
        greeting, answer = await call(int(sip), (secrets / "phone-password").read_text(), work / "call.wav")
        print(json.dumps({"greeting": greeting, "question": QUESTION, "answer": answer}, indent=2))
        if not greeting or not answer:
            raise SetupError("The agent was not heard to speak; see the lines above.")
    print("make containers: both images were built, ran as their users and held a call")


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1]), ["buildah", *sys.argv[2:]]))
    except PhoneAgentError as error:
        sys.exit(f"make containers: {error}")
