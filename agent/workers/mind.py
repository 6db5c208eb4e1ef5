"""Mind: a process with llama.cpp's OpenAI-compatible server for one model, on a loopback port behind an API key.

Every call that is being answered has a slot of its own. Idle slots keep the tokens they have seen, so that a request
pays only for what is new to the best matching slot. A client that closes its connection in mid-answer stops the
generation (measured: within 60 ms); one that closes while its prompt is being read stops it only after the reading, or
after the batch in hand if it asked for `return_progress`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Protocol

from agent.errors import ModelError, SetupError
from agent.workers import openmp
from agent.workers.life import Life, live
from agent.workers.llama_cpp_python import LlamaCppPython
from agent.workers.loopback import free_port

KEY_VARIABLE = "PHONE_AGENT_MIND_KEY"
"""The API key comes through the environment, since every user of the machine can read arguments. Without one the server
is open to every user of the machine."""

BATCH_TOKENS = 64
"""Prompt tokens read at once. While a long prompt is read, other calls get one token per batch (0.4 s on 2 cores with
the 0.5B model); 32 would cost 16 % more time, 512 would save 6 % and silence the others for seconds."""

WARM_UP_S = 120


class Backend(Protocol):
    """A server with its model loaded."""

    url: str
    """Its root, without a path."""

    async def start(self) -> None:
        """Begin to listen, where loading did not do it already."""
        ...

    async def stop(self) -> None:
        """Stop listening."""
        ...


def writing_threads(threads: int) -> int:
    """Threads for one token of one answer, where its prompt is read by `threads`.

    Writing waits for memory, not for arithmetic: on 2 cores a token of the 0.5B model takes 41 ms of CPU time by two
    threads and 25 ms by one, by the clock 22 and 26 ms; beside other work one is as quick (decision 095). So ears and
    mouth keep a core. Prompts, and the tokens of several answers at once, are batches and have all threads.
    """
    return max(1, threads // 2)


class Xllamacpp:
    """llama.cpp's own server, in threads of this process; they end with the process."""

    def __init__(self, options: argparse.Namespace, key: str) -> None:
        """Load the model and listen: takes seconds. Raises ModelError."""
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(options.model)
        params.model_alias = {options.name}
        params.hostnames = [options.host]
        params.port = options.port
        params.api_keys = [key] if key else []
        params.n_parallel = options.slots
        params.n_ctx = options.context * options.slots
        params.n_batch = params.n_ubatch = BATCH_TOKENS
        params.cpuparams_batch.n_threads = options.threads
        params.cpuparams.n_threads = writing_threads(options.threads)
        params.cache_ram_mib = 0  # slots keep their prompts themselves; copies in memory gained nothing
        params.fit_params = False
        params.ui = False
        params.cors_origins = ""
        params.verbosity = 1
        if options.slot_folder is not None:
            params.slot_save_path = f"{options.slot_folder}/"
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            raise ModelError(
                f"The model {options.model} cannot be loaded; run `phone-agent models verify`.", code="model_corrupt"
            ) from error
        self.url: str = self._server.listening_address

    async def start(self) -> None:
        """Nothing to do: it listens since it was made."""

    async def stop(self) -> None:
        """Nothing to do: it ends with the process."""


def load(options: argparse.Namespace, key: str) -> Backend:
    """The chosen backend; takes seconds. Raises ModelError, SetupError."""
    if options.backend == "xllamacpp":
        return Xllamacpp(options, key)
    return LlamaCppPython(options, key, batch_tokens=BATCH_TOKENS)


def warm_up(url: str, key: str, model: str) -> None:
    """One tiny answer, through the front door; raises ModelError if it does not come."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=WARM_UP_S) as answer:  # noqa: S310 - see above
            json.load(answer)["choices"][0]
    except (OSError, ValueError, LookupError) as error:
        raise ModelError(f"The language model does not answer: {error}.") from error


async def serve(life: Life, options: argparse.Namespace) -> None:
    """Load, warm up, listen, say so, and work until told to stop. Raises ModelError, ConfigurationError, SetupError."""
    loop = asyncio.get_running_loop()
    key = os.environ.pop(KEY_VARIABLE, "")
    if not options.model.is_file():
        raise ModelError(f"{options.model} is no model file; run `phone-agent models pull`.", code="model_missing")
    options.port = free_port(options.host, options.port)
    backend: Backend = await loop.run_in_executor(None, load, options, key)
    await backend.start()
    await loop.run_in_executor(None, warm_up, backend.url, key, options.name)
    life.ready(f"{backend.url}/v1")
    await life.stopping.wait()
    await backend.stop()


def main() -> None:
    """Start the process: see `--help`."""
    parser = argparse.ArgumentParser(prog="python -m agent.workers.mind", description="Language model, OpenAI API.")
    parser.add_argument("--model", required=True, type=Path, help="a GGUF file")
    parser.add_argument("--name", default="local", help="the model's name in requests")
    parser.add_argument("--backend", choices=["xllamacpp", "llama-cpp-python"], default="xllamacpp")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--slots", type=int, default=4, help="calls answered at once")
    parser.add_argument("--context", type=int, default=2048, help="tokens per slot")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--slot-folder", type=Path, help="private folder for copies of slots")
    options = parser.parse_args()
    if options.backend == "xllamacpp":
        try:
            openmp.provide()
        except SetupError as error:
            parser.exit(2, f"{error}\n")
    live(lambda life: serve(life, options), nice=5)  # behind ears and mouth, which work in short bursts


if __name__ == "__main__":
    main()
