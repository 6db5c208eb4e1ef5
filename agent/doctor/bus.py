"""The message queue: does it take what we publish, and does it keep it."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from agent.bus.bus import publisher_of
from agent.doctor.check import Check, Status, broken, good, warning
from agent.errors import BusError, ConfigurationError
from agent.settings import BusSettings

PLAIN = ("amqp", "redis")
"""Schemes without TLS."""


async def check_bus(settings: BusSettings) -> list[Check]:
    """Connect, and publish nothing. Calls need no message queue: what is wrong here is a warning."""
    try:
        publisher = publisher_of(settings, name="phone-agent doctor")
    except ConfigurationError as error:
        return [broken("bus", error.code, str(error), "correct bus.url.")]
    if publisher is None:
        return [good("bus", "no message queue is configured")]
    try:
        await publisher.open()
        found = [good("bus", f"{publisher.title} lets us publish"), *map(_weakness, await publisher.weaknesses())]
    except BusError as error:
        message, _, remedy = str(error).partition("; ")
        found = [Check("bus", error.code, Status.WARNING, message, remedy or "see the broker's log.")]
    finally:
        await publisher.close()
    return [*found, *_in_the_clear(settings.url.get_secret_value())]


def _weakness(text: str) -> Check:
    message, _, remedy = text.partition("; ")
    return warning("bus_durability", "bus_may_lose", message, remedy)


def _in_the_clear(url: str) -> list[Check]:
    parts = urlsplit(url)
    if parts.scheme not in PLAIN or _is_here(parts.hostname or ""):
        return []
    return [
        warning(
            "bus_encryption", "bus_in_the_clear", f"what callers say goes to {parts.hostname} unencrypted",
            f"use {parts.scheme}s:// in bus.url, unless the network between is yours alone.",
        )
    ]  # fmt: skip


def _is_here(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
