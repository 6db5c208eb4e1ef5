"""Traces for OpenTelemetry, sent by OTLP over HTTP from a thread of its own; what it cannot send in time is dropped.

Needs the extra `otel`: import it through `agent.ops.tracing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace.propagation import set_span_in_context

from agent import __version__
from agent.domain.trace_context import TraceContext
from agent.settings import TracingSettings

Attributes = Mapping[str, str | int | float | bool]
QUEUE = 4096
"""Spans that wait to be sent, some kilobytes each; a collector that is away costs no more memory than that."""
BATCH = 64
"""Encoded at once: a larger batch would keep the interpreter from sound for longer than a few ms."""
EVERY_MS = 1000
SEND_S = 3
"""A batch that the collector has not taken by then is dropped."""


class Tracing:
    """A Tracer that exports; belongs to one event loop."""

    def __init__(self, settings: TracingSettings, *, server: str) -> None:
        """`server`: name of this server."""
        resource = {
            "service.name": settings.service_name,
            "service.version": __version__,
            "service.instance.id": server,
        }
        self._ids = _Ids()
        self._provider = TracerProvider(
            resource=Resource.create(resource), id_generator=self._ids, shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", timeout=SEND_S)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter, max_queue_size=QUEUE, max_export_batch_size=BATCH, schedule_delay_millis=EVERY_MS
            )
        )
        self._tracer = self._provider.get_tracer("phone-agent", __version__)

    @contextmanager
    def span(
        self,
        name: str,
        *,
        kind: str,
        parent: TraceContext | None = None,
        call_id: str | None = None,
        attributes: Attributes | None = None,
    ) -> Iterator[_Exported]:
        """See Tracer. Where `parent` is of another trace than the call's, the span has a link to the call."""
        call = TraceContext.of_call(call_id) if call_id else None
        is_elsewhere = call is not None and parent is not None and parent.trace_id != call.trace_id
        span = self._tracer.start_span(
            name,
            context=_context(parent or call),
            kind=SpanKind[kind.upper()],
            attributes={**(attributes or {}), **({"call.id": call_id} if call_id else {})},
            links=[Link(_span_context(call))] if call is not None and is_elsewhere else [],
        )
        try:
            yield _Exported(span)
        except BaseException as error:
            _fail(span, getattr(error, "code", type(error).__name__))
            raise
        finally:
            span.end()

    def past(
        self,
        name: str,
        started_ns: int,
        ended_ns: int,
        *,
        parent: TraceContext | None = None,
        root_of: str | None = None,
        attributes: Attributes | None = None,
    ) -> TraceContext:
        """A span of what is over, in nanoseconds since 1970. `root_of`: the call whose root span it is."""
        if root_of is not None:
            self._ids.forced = TraceContext.of_call(root_of)
        try:
            span = self._tracer.start_span(
                name, context=_context(parent), attributes=dict(attributes or {}), start_time=started_ns
            )
        finally:
            self._ids.forced = None
        span.end(max(started_ns, ended_ns))
        return _Exported(span).context

    async def close(self) -> None:
        """Send what waits, for as long as one batch may take at most."""
        await asyncio.to_thread(self._provider.shutdown)


class _Exported:
    """A Span."""

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    @property
    def context(self) -> TraceContext:
        """Of itself."""
        about = self._span.get_span_context()
        return TraceContext(about.trace_id, about.span_id, about.trace_flags.sampled)

    def set(self, **attributes: str | int | float | bool) -> None:
        """See Span."""
        for name, value in attributes.items():
            if name == "error":
                _fail(self._span, str(value))
            else:
                self._span.set_attribute(name.replace("__", "."), value)


class _Ids(RandomIdGenerator):
    """Random, but for the root span of a call."""

    def __init__(self) -> None:
        self.forced: TraceContext | None = None

    def generate_trace_id(self) -> int:
        """For a span without a parent."""
        return self.forced.trace_id if self.forced else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """For any span."""
        return self.forced.span_id if self.forced else super().generate_span_id()


def _fail(span: OtelSpan, code: str) -> None:
    """By its code alone: texts of errors may quote callers."""
    span.set_attribute("error.type", code)
    span.set_status(StatusCode.ERROR)


def _span_context(of: TraceContext) -> SpanContext:
    return SpanContext(of.trace_id, of.span_id, is_remote=True, trace_flags=TraceFlags(int(of.sampled)))


def _context(parent: TraceContext | None) -> Context:
    """An empty one without `parent`: OpenTelemetry's own idea of the present span is not used."""
    empty = Context()
    return empty if parent is None else set_span_in_context(NonRecordingSpan(_span_context(parent)), empty)
