"""Keeps the model processes alive: starts them, says who can work, starts the dead and the hanging again, ends all."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

import structlog

from agent.errors import PhoneAgentError
from agent.workers.backoff import Backoff
from agent.workers.worker import WorkerRun, WorkerSpec

__all__ = ["StateCallback", "Supervisor", "WorkerSpec"]

log = structlog.get_logger()

CRASH_LOOP = 5
"""Deaths in a row from which this is no accident any more."""

StateCallback = Callable[[str, bool], None]
"""Called with a worker's name and whether it can work now; must not block."""


class _Post:
    """What is known of one worker, over all its runs."""

    def __init__(self, spec: WorkerSpec) -> None:
        self.spec = spec
        self.run: WorkerRun | None = None
        self.uri = ""
        self.restarts = 0
        self.backoff = Backoff()
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Supervisor:
    """Owner of the worker processes. Time comes from `clock` and `sleep`, so that tests need not wait."""

    def __init__(
        self,
        specs: Iterable[WorkerSpec],
        on_state: StateCallback | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._specs = tuple(specs)
        self._on_state = on_state
        self._clock = clock
        self._sleep = sleep
        self._posts: dict[str, _Post] = {}
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start all workers at once and wait until each can work.

        Raises what the first that cannot begin says (ConfigurationError, SetupError), after ending the others.
        """
        self._posts = {spec.name: _Post(spec) for spec in self._specs}
        self._keepers = [
            asyncio.create_task(self._keep(post), name=f"keep {name}") for name, post in self._posts.items()
        ]
        try:
            await asyncio.gather(*(post.first for post in self._posts.values()))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End every worker and wait until it is gone. Safe to call twice, and before `start`."""
        keepers, self._keepers = self._keepers, []
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        for post in self._posts.values():
            post.first.cancel()

    @property
    def names(self) -> tuple[str, ...]:
        """The workers that are ours."""
        return tuple(spec.name for spec in self._specs)

    def is_ready(self, name: str) -> bool:
        """Whether the worker can work now; a worker that is not ours always can, as far as we know."""
        post = self._posts.get(name)
        return bool(post.uri) if post else name not in self.names

    def uri(self, name: str) -> str:
        """Where the worker listens; empty while it cannot work."""
        return self._posts[name].uri

    def pid(self, name: str) -> int | None:
        """Process id of the current run, None between two runs."""
        run = self._posts[name].run
        return run.pid if run else None

    def restarts(self, name: str) -> int:
        """How often the worker was started again."""
        return self._posts[name].restarts if name in self._posts else 0

    def is_crash_looping(self, name: str) -> bool:
        """Whether it died again and again without a healthy minute in between."""
        return name in self._posts and self._posts[name].backoff.failures >= CRASH_LOOP

    def kill(self, name: str) -> None:
        """End a worker at once, even one that is stopped; it is started again like any other that died."""
        if pid := self.pid(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def _keep(self, post: _Post) -> None:
        """Run after run, until cancelled, or until the very first cannot begin."""
        while True:
            try:
                ran_s = await self._one_run(post)
            except PhoneAgentError as error:
                if not post.first.done():
                    post.first.set_exception(error)
                    return
                log.warning("worker.failed_to_start", worker=post.spec.name, code=error.code, reason=str(error))
                ran_s = 0.0
            delay_s = post.backoff.after(ran_s)
            post.restarts += 1
            if self.is_crash_looping(post.spec.name):
                log.error("worker.crash_loop", worker=post.spec.name, deaths=post.backoff.failures, delay_s=delay_s)
            else:
                log.warning("worker.restarting", worker=post.spec.name, restarts=post.restarts, delay_s=delay_s)
            await self._sleep(delay_s)

    async def _one_run(self, post: _Post) -> float:
        """From start to death; gives the seconds for which the worker could work."""
        run = post.run = await WorkerRun.start(post.spec)
        try:
            uri = await run.ready()
            ready_at = self._clock()
            self._say(post, uri)
            if not post.first.done():
                post.first.set_result(None)
            watch = asyncio.create_task(self._kill_if_it_hangs(post, uri), name=f"watch {post.spec.name}")
            try:
                status = await run.wait()
            finally:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)
            log.warning("worker.died", worker=post.spec.name, status=status)
            return self._clock() - ready_at
        finally:
            self._say(post, "")
            await asyncio.shield(asyncio.ensure_future(run.stop()))
            post.run = None

    async def _kill_if_it_hangs(self, post: _Post, uri: str) -> None:
        """Returns after the kill; for a worker without a pulse at once."""
        pulse = post.spec.pulse
        if pulse is None:
            return
        missed = 0
        while missed < pulse.misses:
            await asyncio.sleep(pulse.every_s)
            try:
                async with asyncio.timeout(pulse.patience_s):
                    await pulse.feel(uri)
                missed = 0
            except (TimeoutError, OSError) as error:
                missed += 1
                log.warning("worker.no_pulse", worker=post.spec.name, missed=missed, error=str(error))
        log.error("worker.hangs", worker=post.spec.name)
        self.kill(post.spec.name)

    def _say(self, post: _Post, uri: str) -> None:
        changed, post.uri = bool(uri) != bool(post.uri), uri
        if changed:
            log.info("worker.state", worker=post.spec.name, ready=bool(uri))
            if self._on_state is not None:
                self._on_state(post.spec.name, bool(uri))
