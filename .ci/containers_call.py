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
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import yaml
from buildah import Container

from agent.errors import PhoneAgentError, SetupError
from agent.models.choice import SMALL
from agent.models.store import ModelStore
from agent.rehearsal.director import Director, Line
from agent.rehearsal.moments import Moment
from agent.rehearsal.scenario import Step
from agent.settings import Settings
from agent.testing.softphone.phone import Softphone
from agent.testing.voice import CallerVoice
from agent.workers.whisper import Whisper

TOP = Path(__file__).resolve().parents[1]
QUESTION = "What are your opening hours on Saturday?"
ASTERISK_UID, AGENT_UID, GID = 10001, 10002, 10000
READY_S = 180.0
PATIENT_S = "60"
POLL_S = 0.5
LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Free at this moment, for TCP and UDP."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind((LOOPBACK, 0))
        udp.bind(tcp.getsockname())
        port: int = tcp.getsockname()[1]
        return port


def volume(work: Path, name: str, uid: int) -> Path:
    """An empty volume that belongs to the container's user, as Docker makes one from the image's folder."""
    path = work / "volumes" / name
    path.mkdir(parents=True)
    os.chown(path, uid, GID)
    path.chmod(0o2750)
    return path


def as_composed(service: str, changes: dict[str, str]) -> dict[str, str]:
    """The environment that docker-compose.yml gives a service, with loopback for the private network's names."""
    composed: dict[str, str] = yaml.safe_load((TOP / "docker-compose.yml").read_text())["services"][service][
        "environment"
    ]
    loopback = {name: re.sub(r"\b(asterisk|agent)\.private\b", LOOPBACK, value) for name, value in composed.items()}
    return {**loopback, **changes}


async def until(container: Container, what: str, ready: Any) -> None:
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
    return whisper.transcribe(np.repeat(heard, 2), "en")


async def call(sip_port: int, password: str, recording: Path) -> list[str]:
    """One call as the registered telephone `phone`; what the agent was heard to say, and what went wrong."""
    voice = CallerVoice()
    steps = [{"wait_for_agent": {}}, {"say": QUESTION}, {"wait_for_agent": {"timeout_s": 90}}, {"hang_up": {}}]
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


async def main(work: Path, buildah: list[str]) -> None:
    """Start both, call, stop both."""
    ports = {name: free_port() for name in ("sip", "ari", "ami", "media", "http")}
    secrets, state = volume(work, "secrets", ASTERISK_UID), volume(work, "state", ASTERISK_UID)
    runtime = volume(work, "asterisk-run", ASTERISK_UID)
    models = ModelStore.of(Settings().models).folder
    asterisk = Container(buildah, "phone-agent-asterisk", ASTERISK_UID, work / "asterisk.log")
    agent = Container(buildah, "phone-agent", AGENT_UID, work / "agent.log")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asterisk.stop)
        ast_ports = {"SIP_PORT": ports["sip"], "ARI_PORT": ports["ari"], "AMI_PORT": ports["ami"]}
        await asterisk.start(
            as_composed(
                "asterisk",
                {"SIP_BIND": LOOPBACK, "EXTERNAL_ADDRESS": LOOPBACK} | {k: str(v) for k, v in ast_ports.items()},
            ),
            {secrets: "/secrets", state: "/state", runtime: "/run/phone-agent"},
            ["/usr/share/phone-agent/asterisk-config/container/start"],
        )

        async def asterisk_ready() -> bool:
            status, _ = await asterisk.run("/usr/share/phone-agent/asterisk-config/container/healthy")
            return status == 0

        await until(asterisk, "asterisk", asterisk_ready)
        stack.push_async_callback(agent.stop)
        section = "PHONE_AGENT_"
        await agent.start(
            as_composed(
                "agent",
                {
                    f"{section}ASTERISK__ARI_URL": f"http://{LOOPBACK}:{ports['ari']}",
                    f"{section}ASTERISK__AMI_PORT": str(ports["ami"]),
                    f"{section}MEDIA__PORT": str(ports["media"]),
                    f"{section}MEDIA__ADVERTISE": f"{LOOPBACK}:{ports['media']}",
                    f"{section}HTTP__BIND": LOOPBACK,
                    f"{section}HTTP__PORT": str(ports["http"]),
                    f"{section}LLM__MODEL": SMALL,
                    f"{section}LLM__DEADLINE_S": PATIENT_S,  # whether it works is asked here, not how fast
                    f"{section}STT__DEADLINE_S": PATIENT_S,
                    f"{section}TTS__DEADLINE_S": PATIENT_S,
                },
            ),
            {secrets: "/secrets:ro", models: "/models:ro"},
            ["phone-agent", "serve"],
        )

        async def agent_ready() -> bool:
            try:
                async with (
                    aiohttp.ClientSession() as session,
                    session.get(f"http://{LOOPBACK}:{ports['http']}/health/ready") as answer,
                ):
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await until(agent, "agent", agent_ready)
        for name, container in (("asterisk", asterisk), ("agent", agent)):
            if process := container.main:
                print(f"{name}: pid {process.pid}, user {process.uids().real}: {' '.join(process.cmdline())[:90]}")
        print("one call through them:")
        greeting, answer = await call(ports["sip"], (secrets / "phone-password").read_text(), work / "call.wav")
        print(json.dumps({"greeting": greeting, "question": QUESTION, "answer": answer}, indent=2))
        if not greeting or not answer:
            raise SetupError("The agent was not heard to speak; see the lines above.")
    print("make containers: both images were built, ran as their users and held a call")


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1]), ["buildah", *sys.argv[2:]]))
    except PhoneAgentError as error:
        sys.exit(f"make containers: {error}")
