"""Which of ears, mouth and mind are ours to run, with which files, and where everybody finds them."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
import psutil
from platformdirs import user_cache_path
from wyoming.info import Describe, Info

from agent.errors import ConfigurationError
from agent.models.choice import default_llm, is_path
from agent.models.store import ModelStore
from agent.settings import Settings
from agent.speech.wyoming import check_uri, connect
from agent.workers.loopback import free_port
from agent.workers.mind import KEY_VARIABLE
from agent.workers.openmp import ONE_BLAS, SPIN
from agent.workers.pulse import Pulse, openai_pulse, wyoming_pulse
from agent.workers.slots import Prompt, Slots
from agent.workers.worker import WorkerSpec

T = TypeVar("T")
HOST = "127.0.0.1"
REACH_S = 3.0
BACKGROUND_SLOTS = 1
"""Beside those of calls, for work that nobody waits for: it must not make a call's slot forget its prompt."""
LONGEST_SOCKET_PATH = 104  # of the kernel's 108 bytes


class Fleet:
    """The plan; `Supervisor(fleet.specs)` carries it out."""

    def __init__(
        self,
        settings: Settings,
        run_dir: Path,
        *,
        store: ModelStore | None = None,
        voices: Iterable[str] = (),
    ) -> None:
        """Find the files and choose addresses. `voices`: names that agents ask for beside `tts.voice`.

        `run_dir` becomes private to this user. Raises ModelError (`model_missing`, `model_corrupt`) with what to run,
        ConfigurationError.
        """
        self._settings = settings
        self._store = store or ModelStore.of(settings.models)
        self._run_dir = run_dir
        run_dir.mkdir(parents=True, exist_ok=True)
        run_dir.chmod(0o700)
        self.specs: tuple[WorkerSpec, ...] = ()
        self.stt_uri = self._ears()
        self.tts_uri = self._mouth(voices)
        self.llm_api_key = settings.llm.api_key.get_secret_value()
        self.llm_model = settings.llm.model
        self._slots: Slots | None = None
        self.llm_base_url = self._mind()

    def _ears(self) -> str:
        stt = self._settings.stt
        if stt.uri:
            return check_uri(stt.uri)
        uri = self._socket("ears")
        model, threads = str(self._find(stt.model)), str(stt.threads)
        pulse = Pulse(wyoming_pulse)
        self._add("ears", "--uri", uri, "--model", model, "--threads", threads, pulse=pulse, env=SPIN | ONE_BLAS)
        return uri

    def _mouth(self, voices: Iterable[str]) -> str:
        tts = self._settings.tts
        if tts.uri:
            return check_uri(tts.uri)
        uri = self._socket("mouth")
        names = dict.fromkeys([tts.voice, *filter(None, voices)])
        files = [part for name in names for part in ("--voice", str(self._find(name)))]
        self._add("mouth", "--uri", uri, *files, "--threads", str(tts.threads), pulse=Pulse(wyoming_pulse))
        return uri

    def _mind(self) -> str:
        llm = self._settings.llm
        if llm.base_url:
            if llm.model == "auto":
                raise ConfigurationError("llm.base_url needs llm.model: the name that the server gives its model.")
            self.llm_api_key = self.llm_api_key or "none"  # clients insist on one
            return llm.base_url.rstrip("/")
        name = default_llm(psutil.virtual_memory().total) if llm.model == "auto" else llm.model
        self.llm_model = Path(name).stem
        self.llm_api_key = secrets.token_urlsafe(24)
        port = free_port(HOST, 0)
        file = self._find(name)
        slots = user_cache_path("phone-agent") / "prompts"
        slots.mkdir(parents=True, exist_ok=True)
        slots.chmod(0o700)
        arguments = {
            "--model": file,
            "--name": self.llm_model,
            "--backend": llm.backend,
            "--host": HOST,
            "--port": port,
            "--slots": llm.slots + BACKGROUND_SLOTS,
            "--context": llm.context_tokens,
            "--threads": llm.threads,
            "--slot-folder": slots,
        }
        flat = [str(part) for pair in arguments.items() for part in pair]
        pulse = Pulse(openai_pulse(self.llm_api_key))
        self._add("mind", *flat, pulse=pulse, env={KEY_VARIABLE: self.llm_api_key, **SPIN})
        if llm.backend == "xllamacpp":
            identity = f"{file} {_changed(file)} {llm.context_tokens} {version('xllamacpp')}"
            self._slots = Slots(f"http://{HOST}:{port}", self.llm_api_key, llm.slots, slots, identity)
        return f"http://{HOST}:{port}/v1"

    def _add(self, name: str, *arguments: str, pulse: Pulse, env: dict[str, str] | None = None) -> None:
        self.specs += (WorkerSpec(name, ("-m", f"agent.workers.{name}", *arguments), env or {}, pulse=pulse),)

    def _find(self, name: str) -> Path:
        """A path stands for itself, any other name for an entry of the manifest."""
        return Path(name) if is_path(name) else self._store.path(name)

    def _socket(self, name: str) -> str:
        path = self._run_dir.resolve() / f"{name}.sock"
        if len(str(path).encode()) > LONGEST_SOCKET_PATH:
            raise ConfigurationError(
                f"The folder {self._run_dir} has too long a path for sockets; take one under {tempfile.gettempdir()}."
            )
        return f"unix://{path}"

    async def warm(self, prompts: Sequence[Prompt]) -> None:
        """Let our own mind know these prompts, once it is ready and again whenever it was started anew.

        Takes seconds for a prompt that is new on this machine, milliseconds for one that was read before. Nothing is
        done for a server that others run. Raises LanguageModelError, without which all works, only slower.
        """
        if self._slots is not None and prompts:
            await self._slots.warm(prompts)

    def slot_prompts(self, prompts: Sequence[T]) -> list[T]:
        """Which of the prompts given to `warm`, in any form, each slot of our own mind knows then, by slot.

        Empty for a server that others run.
        """
        return self._slots.spread(prompts) if self._slots is not None else []

    @property
    def background_slot(self) -> int | None:
        """The slot of our own mind that no call uses; None where it has no slots, or others run it."""
        return self._settings.llm.slots if self._slots is not None else None

    @property
    def mind_is_ours(self) -> bool:
        """Whether it computes on this machine, for one answer at a time."""
        return not self._settings.llm.base_url

    @property
    def mind_keeps_one_prompt(self) -> bool:
        """Whether anything else that it reads makes it forget the prompt of a call."""
        return self.mind_is_ours and self._slots is None

    async def unreachable(self) -> dict[str, str]:
        """Those of stt, tts and llm that others run and that do not answer: name → one sentence. Takes 3 s at most."""
        checks = {}
        if self._settings.stt.uri:
            checks["stt"] = _check_wyoming("stt.uri", self.stt_uri)
        if self._settings.tts.uri:
            checks["tts"] = _check_wyoming("tts.uri", self.tts_uri)
        if self._settings.llm.base_url:
            checks["llm"] = _check_openai(self.llm_base_url, self.llm_api_key)
        answers = await asyncio.gather(*checks.values())
        return {name: problem for name, problem in zip(checks, answers, strict=True) if problem}


def _changed(file: Path) -> str:
    """Size and time of change of a file, empty for one that is not there."""
    try:
        found = file.stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


async def _check_wyoming(key: str, uri: str) -> str:
    """One sentence on what is wrong, or nothing."""
    try:
        async with asyncio.timeout(REACH_S), connect(uri) as server:
            await server.send([Describe().event()])
            async for event in server.events():
                if Info.is_type(event.type):
                    return ""
    except (OSError, TimeoutError) as error:
        return f"{key}: nothing answers at {uri} ({str(error) or 'timeout'})."
    return f"{key}: what listens at {uri} is no Wyoming server."


async def _check_openai(base_url: str, api_key: str) -> str:
    """One sentence on what is wrong, or nothing."""
    where = urlsplit(base_url)
    timeout = aiohttp.ClientTimeout(total=REACH_S)
    headers = {"Authorization": f"Bearer {api_key}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.get(f"{base_url}/models") as answer,
        ):
            refused = answer.status in {401, 403}
            return f"llm.api_key: {where.netloc} refuses it." if refused else ""
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        return f"llm.base_url: nothing answers at {where.netloc} ({str(error) or 'timeout'})."
