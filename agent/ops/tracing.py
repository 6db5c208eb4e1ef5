"""Whether calls and requests are traced, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.errors import ConfigurationError
from agent.settings import TracingSettings

if TYPE_CHECKING:
    from agent.ops.otel import Tracing


def tracing_of(settings: TracingSettings, *, server: str) -> Tracing | None:
    """None where no collector is configured. `server`: name of this server.

    Raises ConfigurationError where OpenTelemetry is not installed.
    """
    if not settings.otlp_endpoint:
        return None
    try:
        from agent.ops.otel import Tracing
    except ImportError:
        raise ConfigurationError(
            "tracing.otlp_endpoint needs OpenTelemetry; install it with `pip install 'phone-agent[otel]'`."
        ) from None
    return Tracing(settings, server=server)
