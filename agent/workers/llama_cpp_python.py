"""The mind's alternative backend: the OpenAI-compatible server of llama-cpp-python, an optional extra.

It keeps one sequence, not one per call: calls wait for each other, and each evicts the other's prompt. It is for
machines on which llama-cpp-python was built for the hardware (a GPU, AVX-512) and few calls come at once.
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any

from agent.errors import ModelError, SetupError


class LlamaCppPython:
    """The server inside this process's event loop; the model computes in threads."""

    def __init__(self, options: argparse.Namespace, key: str, *, batch_tokens: int) -> None:
        """Load the model: takes seconds. Raises SetupError where the package is not installed, ModelError."""
        try:
            uvicorn, app_module = import_module("uvicorn"), import_module("llama_cpp.server.app")
            settings = import_module("llama_cpp.server.settings")
        except ImportError as error:
            raise SetupError(
                f"The backend llama-cpp-python needs a package that is not installed ({error.name}); "
                "run `pip install 'phone-agent[llama-cpp-python]'` or take the backend xllamacpp."
            ) from error
        model = settings.ModelSettings(
            model=str(options.model),
            model_alias=options.name,
            n_ctx=options.context,
            n_threads=options.threads,
            n_threads_batch=options.threads,
            n_batch=batch_tokens,
            verbose=False,
        )
        server = settings.ServerSettings(host=options.host, port=options.port, api_key=key or None)
        try:
            app = app_module.create_app(server_settings=server, model_settings=[model])
        except ValueError as error:
            raise ModelError(
                f"The model {options.model} cannot be loaded; run `phone-agent models verify`.", code="model_corrupt"
            ) from error
        self.url = f"http://{options.host}:{options.port}"
        self._listening = asyncio.Event()
        self._server = _quiet(uvicorn, self._listening)(
            uvicorn.Config(app, host=options.host, port=options.port, log_level="warning")
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen; raises SetupError if that fails."""
        self._task = asyncio.create_task(self._server.serve())
        listening = asyncio.create_task(self._listening.wait())
        await asyncio.wait({self._task, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._task.done():
            raise SetupError(f"llama-cpp-python's server did not start on {self.url}.")

    async def stop(self) -> None:
        """Stop listening, and break off what is being answered."""
        if self._task is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._task


def _quiet(uvicorn: Any, listening: asyncio.Event) -> Any:
    class Uvicorn(uvicorn.Server):  # type: ignore[misc] # as above
        def capture_signals(self) -> AbstractContextManager[None]:
            return nullcontext()  # the process's life is not uvicorn's business

        async def startup(self, sockets: list[Any] | None = None) -> None:
            await super().startup(sockets)
            listening.set()

    return Uvicorn
