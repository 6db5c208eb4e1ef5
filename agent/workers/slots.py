"""Lets every slot of our own llama.cpp know the agents' system prompts before the first call.

Reading a prompt of 380 tokens takes 12 s with the 1.5B model on 2 cores, 3 s with the 0.5B, and as long again for every
further slot: the first caller would wait, and two callers at once both. A slot can be written to a file and read back
in milliseconds, by another slot and by another process: so a prompt is read once on a machine, and copied ever after.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import structlog

from agent.errors import LanguageModelError

log = structlog.get_logger()

T = TypeVar("T")
Prompt = Mapping[str, Any]
"""What of the body of a chat request a model reads, as OpenAI's API has it: `messages`, and `tools` where there are."""

READ_S = 180.0
KEPT = 24
"""Files that are kept; 4 to 12 MB each. The oldest go first."""


class Slots:
    """The slots of one llama.cpp server."""

    def __init__(self, root_url: str, api_key: str, count: int, folder: Path, model: str) -> None:
        """`root_url` without a path; `folder`: where the server keeps copies of slots, as it was started.

        `model`: whatever a copy depends on beside the prompt; copies of another model are not taken.
        """
        self._root_url = root_url
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._count = count
        self._folder = folder
        self._model = model

    def spread(self, prompts: Sequence[T]) -> list[T]:
        """Which of `prompts` each slot knows when it is warm, by slot; nothing without prompts."""
        prompts = prompts[: self._count]
        return [prompts[slot % len(prompts)] for slot in range(self._count)] if prompts else []

    async def warm(self, prompts: Sequence[Prompt]) -> None:
        """Spread the prompts evenly over the slots. More prompts than slots: the rest is read when it is needed.

        Raises LanguageModelError.
        """
        prompts = prompts[: self._count]
        read = 0
        timeout = aiohttp.ClientTimeout(total=READ_S)
        # a connection for each request: llama.cpp hangs up on those that it promised to keep
        connector = aiohttp.TCPConnector(force_close=True)
        try:
            async with aiohttp.ClientSession(headers=self._headers, timeout=timeout, connector=connector) as session:
                for number, prompt in enumerate(prompts):
                    slots = range(number, self._count, len(prompts))
                    name = self._name(prompt)
                    if not await self._restore(session, slots, name):
                        read += 1
                        await self._read(session, slots[0], prompt, name)
                        await self._restore(session, slots[1:], name)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise LanguageModelError(f"The language model could not be prepared: {type(error).__name__}.") from error
        self._forget_old()
        log.info("mind.warm", prompts=len(prompts), slots=self._count, read=read)

    def _name(self, prompt: Prompt) -> str:
        key = json.dumps([self._model, self._count, dict(prompt)])
        return f"{hashlib.sha256(key.encode()).hexdigest()}.slot"

    async def _read(self, session: aiohttp.ClientSession, slot: int, prompt: Prompt, name: str) -> None:
        """Have one slot read the prompt, and keep a copy."""
        body = {**prompt, "max_tokens": 1, "id_slot": slot}
        draft = f"{uuid.uuid4().hex}.draft"
        await self._post(session, "/v1/chat/completions", body)
        await self._post(session, f"/slots/{slot}?action=save", {"filename": draft})
        (self._folder / draft).replace(self._folder / name)

    async def _restore(self, session: aiohttp.ClientSession, slots: Iterable[int], name: str) -> bool:
        """Copy a kept prompt into these slots; False if there is no copy that the server takes."""
        path = self._folder / name
        if not path.exists():
            return False
        for slot in slots:
            try:
                await self._post(session, f"/slots/{slot}?action=restore", {"filename": name})
            except aiohttp.ClientResponseError:
                path.unlink(missing_ok=True)
                return False
        path.touch()
        return True

    def _forget_old(self) -> None:
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in files[:-KEPT]:
            path.unlink(missing_ok=True)

    async def _post(self, session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> None:
        async with session.post(f"{self._root_url}{path}", json=body) as answer:
            await answer.read()
            answer.raise_for_status()
