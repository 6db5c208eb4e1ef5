"""The HTTP client by which LangChain reaches the language model."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from httpx import AsyncClient


def http_client(base_url: str) -> AsyncClient:
    """One of our own, so that it can be closed; LangChain shares its own for ever."""
    from httpx import AsyncClient, Limits  # heavy, as is all of LangChain

    if urlsplit(base_url).hostname in {"127.0.0.1", "::1", "localhost"}:
        # llama.cpp says "keep-alive" and hangs up after each stream: of 40 requests that followed at once on one
        # connection 13 failed. A new one costs 0.2 ms. Nor does any proxy stand between us and this machine.
        return AsyncClient(limits=Limits(max_keepalive_connections=0), trust_env=False)
    return AsyncClient()
