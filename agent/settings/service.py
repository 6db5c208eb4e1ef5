"""How the server is reached and watched."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from agent.settings.section import Host, Section


class HttpSettings(Section):
    """The API, and metrics."""

    bind: Host = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    """0 takes any free port."""
    metrics_port: int = Field(default=9464, ge=0, le=65535)
    """For Prometheus, under /metrics; 0 takes any free port."""
    requests_per_minute: int = Field(default=600, ge=1, le=1_000_000)
    """Of each API key; so many may come at once, and as many again in the course of a minute."""


class TracingSettings(Section):
    """Traces for OpenTelemetry: one for each call. Needs `pip install 'phone-agent[otel]'`."""

    otlp_endpoint: Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")] = ""
    """A collector that takes OTLP over HTTP, such as http://127.0.0.1:4318; empty: no traces."""
    service_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = "phone-agent"
    """As traces are found by."""


class LogSettings(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"
