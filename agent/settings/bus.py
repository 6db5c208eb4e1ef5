"""The message queue."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints

from agent.domain.event_types import ALL, EventType
from agent.settings.section import OptionalPath, Section, texts


def _are_event_types(value: list[str]) -> list[str]:
    for text in value:
        if text != ALL and text not in set(EventType):
            raise ValueError(f"{text} is no type of event; docs/api.md lists them, and {ALL} stands for all")
    return value


EventTypes = Annotated[list[str], BeforeValidator(texts), AfterValidator(_are_event_types)]


class BusSettings(Section):
    """The same events to a message queue: RabbitMQ, or a stream of Redis. `docs/message-queue.md` tells how."""

    url: SecretStr = SecretStr("")
    """amqp://USER:PASSWORD@HOST/VHOST or redis://:PASSWORD@HOST/0, with TLS amqps:// or rediss://; empty: none."""
    url_file: OptionalPath = None
    exchange: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,127}$")] = "phone-agent"
    """Of RabbitMQ; made as a durable topic exchange unless it is there. The routing key is the type of the event."""
    stream: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:{}-]{1,127}$")] = "phone-agent:events"
    """Key of the stream in Redis."""
    stream_length: int = Field(default=1_000_000, ge=0)
    """About so many events stay in the stream, read or not, a kilobyte or two each; 0: all."""
    events: EventTypes = Field(default_factory=list)
    """Types that are published; empty: all but those on request; "*": all."""
    unroutable: Literal["drop", "hold"] = "drop"
    """An event for which RabbitMQ has no queue: count it and go on, or keep it and all after it until there is one."""
    timeout_s: float = Field(default=10, gt=0, le=60)
    """A broker that has not confirmed by then has failed, and is tried again."""
