"""Events to a stream of Redis: a batch is one transaction, so that it is there whole and in order, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.typing import EncodableT, FieldT

from agent.bus.publisher import TimeLimit, body_of
from agent.errors import BusError
from agent.settings import BusSettings
from agent.store.events import StoredEvent


class RedisStream:
    """See Publisher."""

    title = "Redis"

    def __init__(self, url: str, settings: BusSettings, *, time_limit: TimeLimit = asyncio.timeout) -> None:
        self._settings = settings
        self._time_limit = time_limit
        # No retries of its own: a transaction whose answer was lost must not be sent again behind our back.
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), protocol=2)
        self.unroutable = 0
        self.notice: str | None = None

    async def open(self) -> None:
        """PING."""
        async with self._errors_told("did not answer"):
            await self._redis.ping()

    async def publish(self, events: Sequence[StoredEvent]) -> None:
        """MULTI, an XADD for each, EXEC."""
        length = self._settings.stream_length or None
        async with self._redis.pipeline(transaction=True) as pipeline:
            for event in events:
                pipeline.xadd(self._settings.stream, fields_of(event), maxlen=length, approximate=True)
            async with self._errors_told("did not confirm what was published"):
                await pipeline.execute()

    async def weaknesses(self) -> list[str]:
        """Memory alone, or memory that is made free by throwing keys away."""
        async with self._errors_told("did not answer"):
            try:
                info = await self._redis.info()
            except NoPermissionError:
                return []
        found = []
        if not info.get("aof_enabled"):
            found.append("Redis loses the last events when it crashes; set `appendonly yes` in redis.conf")
        if str(info.get("maxmemory_policy", "")).startswith("allkeys"):
            found.append("Redis throws the stream away when memory is short; set `maxmemory-policy noeviction`")
        return found

    async def close(self) -> None:
        """Close all connections."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    @contextlib.asynccontextmanager
    async def _errors_told(self, failed: str) -> AsyncIterator[None]:
        try:
            async with self._time_limit(self._settings.timeout_s):
                yield
        except TimeoutError:
            await self._redis.connection_pool.disconnect()
            raise BusError(
                f"Redis {failed} within {self._settings.timeout_s:g} s; check that it runs.", code="bus_timeout"
            ) from None
        except (AuthenticationError, NoPermissionError) as error:
            raise BusError(
                f"Redis refused us: {_words(error)}; check the user and password in bus.url.", code="bus_refused"
            ) from error
        except ResponseError as error:
            raise BusError(f"Redis rejected what was published: {_words(error)}.", code="bus_rejected") from error
        except (RedisError, OSError) as error:
            raise BusError(
                f"Redis cannot be reached: {_words(error)}; check that it runs, and bus.url.", code="bus_unreachable"
            ) from error


def fields_of(event: StoredEvent) -> dict[FieldT, EncodableT]:
    """The event as an entry of a stream; `id` is what consumers deduplicate by."""
    fields: dict[FieldT, EncodableT] = {"id": event.id, "type": event.type, "event": body_of(event)}
    if event.call_id is not None:
        fields |= {"call_id": event.call_id, "sequence": str(event.sequence)}
    return fields


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
