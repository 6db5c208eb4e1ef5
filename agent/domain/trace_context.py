"""Which trace something belongs to, as W3C Trace Context passes it on, and who may make spans of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from ulid import ULID

_HEADER = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1
HEADER = "traceparent"


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A span that others may be children of."""

    trace_id: int
    """128 bits, not 0."""
    span_id: int
    """64 bits, not 0."""
    sampled: bool = True

    @property
    def header(self) -> str:
        """The value of `traceparent`."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{int(self.sampled):02x}"

    @classmethod
    def parse(cls, header: str | None) -> TraceContext | None:
        """None for what is no `traceparent`: as the standard says, a trace then begins anew."""
        found = _HEADER.fullmatch((header or "").strip())
        if found is None or found[1] == "ff" or (found[1] == "00" and found[5]):
            return None
        trace_id, span_id = int(found[2], 16), int(found[3], 16)
        return cls(trace_id, span_id, bool(int(found[4], 16) & _SAMPLED)) if trace_id and span_id else None

    @classmethod
    def of_call(cls, call_id: str) -> TraceContext:
        """The root span of a call's trace. It follows from the id, so that days later another process knows it."""
        digest = hashlib.sha256(call_id.encode()).digest()
        try:
            trace_id = int(ULID.from_str(call_id.rpartition("_")[2]))
        except ValueError:
            trace_id = int.from_bytes(digest[8:24], "big")
        return cls(trace_id, int.from_bytes(digest[:8], "big") or 1)


CAUSE: ContextVar[TraceContext | None] = ContextVar("cause", default=None)
"""Of the API request that the present task works for."""


class Span(Protocol):
    """Work that is being traced."""

    @property
    def context(self) -> TraceContext | None:
        """What others are told of it; None: there is no trace."""
        ...

    def set(self, **attributes: str | int | float | bool) -> None:
        """What came of it; a double underscore stands for a dot. `error` is a code, and marks the span as failed."""
        ...


class Tracer(Protocol):
    """Makes spans. Takes microseconds, never waits, never raises."""

    def span(
        self,
        name: str,
        *,
        kind: str,
        parent: TraceContext | None = None,
        call_id: str | None = None,
        attributes: Mapping[str, str | int | float | bool] | None = None,
    ) -> AbstractContextManager[Span]:
        """Work that lasts as long as the block. `kind`: server, client. Without `parent` it belongs to the call."""
        ...


@dataclass(frozen=True, slots=True)
class _Passed:
    context: TraceContext | None

    def set(self, **attributes: str | int | float | bool) -> None:
        """Nobody wants to know."""


class NoTracer:
    """Passes on what others trace, and adds nothing."""

    @contextmanager
    def span(
        self,
        name: str,
        *,
        kind: str,
        parent: TraceContext | None = None,
        call_id: str | None = None,
        attributes: Mapping[str, str | int | float | bool] | None = None,
    ) -> Iterator[Span]:
        """See Tracer."""
        del name, kind, call_id, attributes
        yield _Passed(parent)
