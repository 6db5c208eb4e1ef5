"""How applications are told and asked over HTTP."""

from __future__ import annotations

import base64
import binascii
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints

from agent.settings.section import OptionalPath, Section, texts


def _are_subnets(value: list[str]) -> list[str]:
    for text in value:
        try:
            ip_network(text)
        except ValueError:
            raise ValueError(f"{text} is no subnet; write one like 10.0.0.0/8") from None
    return value


Subnets = Annotated[list[str], BeforeValidator(texts), AfterValidator(_are_subnets)]


def _is_signing_secret(value: SecretStr) -> SecretStr:
    """Of Standard Webhooks: 24 to 64 bytes in base64 behind its prefix."""
    text = value.get_secret_value()
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if text and not (text.startswith(SECRET_PREFIX) and 24 <= len(key) <= 64):
        raise ValueError(f"must be {SECRET_PREFIX} and 24 to 64 random bytes in base64")
    return value


SECRET_PREFIX = "whsec_"  # noqa: S105  # the mark of Standard Webhooks, no secret

SigningSecret = Annotated[SecretStr, AfterValidator(_is_signing_secret)]

AskedUrl = Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")]


class WebhooksSettings(Section):
    """How applications are told of events over HTTP, and asked who takes a call."""

    allowed_subnets: Subnets = Field(default_factory=list)
    """Subnets beside public addresses that endpoints may be in, such as "10.0.0.0/8"; this machine: "127.0.0.1/32"."""
    timeout_s: float = Field(default=15, gt=0, le=60)
    """An endpoint that has not answered by then has failed, and is tried again."""
    concurrency: int = Field(default=8, ge=1, le=64)
    """Requests to one endpoint at once."""
    disable_after_days: float = Field(default=5, gt=0, le=60)
    """An endpoint that nothing got through to for so long is disabled."""
    sync_timeout_s: float = Field(default=2, gt=0, le=30)
    """A caller waits so long at most for what an application is asked: who takes the call, what a tool gives."""
    lookup_url: AskedUrl = ""
    """Your application, which says who takes a call (`agent.lookup`); empty: nobody. A number may have its own."""
    tool_url: AskedUrl = ""
    """Your application, which does the work of tools that have no `url` of their own (`tool.call`)."""
    secret: SigningSecret = SecretStr("")
    """Signs both: whsec_ and 24 to 64 random bytes in base64."""
    secret_file: OptionalPath = None
    old_secret: SigningSecret = SecretStr("")
    """Signs too, while you change from one to the other."""
    old_secret_file: OptionalPath = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What signs requests to applications."""
        both = self.secret.get_secret_value(), self.old_secret.get_secret_value()
        return tuple(filter(None, both))
