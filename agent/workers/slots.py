"""Lets every slot of our own llama.cpp know the agents' system prompts before the first call.

Reading a prompt of 670 tokens takes 4 s with the 0.5B model on 2 cores, and as long again for every further slot: two
callers at once would both wait. Copying a slot takes 3 ms, so each prompt is read once and copied to the rest.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import structlog

from agent.errors import LanguageModelError

log = structlog.get_logger()

Prompt = Sequence[Mapping[str, str]]
"""Messages as OpenAI's API has them: `role` and `content`."""

READ_S = 120.0


class Slots:
    """The slots of one llama.cpp server."""

    def __init__(self, root_url: str, api_key: str, count: int, folder: Path) -> None:
        """`root_url` without a path; `folder`: where the server keeps copies of slots, as it was started."""
        self._root_url = root_url
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._count = count
        self._folder = folder

    async def warm(self, prompts: Sequence[Prompt]) -> None:
        """Spread the prompts evenly over the slots. More prompts than slots: the rest is read when it is needed.

        Raises LanguageModelError.
        """
        prompts = prompts[: self._count]
        timeout = aiohttp.ClientTimeout(total=READ_S)
        try:
            async with aiohttp.ClientSession(self._root_url, headers=self._headers, timeout=timeout) as session:
                for number, prompt in enumerate(prompts):
                    await self._read(session, number, prompt)
                    await self._copy(session, number, range(number + len(prompts), self._count, len(prompts)))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise LanguageModelError(f"The language model could not be prepared: {type(error).__name__}.") from error
        log.info("mind.warm", prompts=len(prompts), slots=self._count)

    async def _read(self, session: aiohttp.ClientSession, slot: int, prompt: Prompt) -> None:
        body = {"messages": [dict(message) for message in prompt], "max_tokens": 1, "id_slot": slot}
        await self._post(session, "/v1/chat/completions", body)

    async def _copy(self, session: aiohttp.ClientSession, slot: int, others: range) -> None:
        if not others:
            return
        name = f"{uuid.uuid4().hex}.slot"
        try:
            await self._post(session, f"/slots/{slot}?action=save", {"filename": name})
            for other in others:
                await self._post(session, f"/slots/{other}?action=restore", {"filename": name})
        finally:
            (self._folder / name).unlink(missing_ok=True)

    @staticmethod
    async def _post(session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> None:
        async with session.post(path, json=body) as answer:
            await answer.read()
            answer.raise_for_status()
