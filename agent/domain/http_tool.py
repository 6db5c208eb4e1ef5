"""What a tool asks of a web service by itself: method, address, headers. Nothing of it is chosen by a model or caller.

Arguments fill places of the path and of the query, each percent-encoded, and never the host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from agent.errors import PhoneAgentError

LONGEST_VALUE = 500
"""Characters of one argument in an address."""

_TEMPLATE = re.compile(r"https?://[^/?#{}\s\\@]+(?:/[^?#\s\\]*)?(?:\?[^#\s\\]*)?", re.ASCII)
_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,63})\}")
_HEADER = r"^[A-Za-z0-9-]{1,64}$"
_OURS = frozenset(
    ("host", "connection", "content-length", "content-type", "transfer-encoding", "idempotency-key", "user-agent")
)


class HttpMethod(StrEnum):
    """How it is asked for."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"

    @property
    def takes_body(self) -> bool:
        """Whether arguments that have no place in the address are sent as JSON; else they join the query."""
        return self in {HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH}


def _is_template(value: str) -> str:
    if _TEMPLATE.fullmatch(value) is None:
        raise ValueError("write an address like https://example.com/orders/{number}, with places behind the host alone")
    if "{" in _PLACE.sub("", value) or "}" in _PLACE.sub("", value):
        raise ValueError("a place is the name of an argument in braces, such as {number}")
    return value


def _are_not_ours(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if re.match(_HEADER, name) is None or name.lower() in _OURS:
            raise ValueError(f"the header {name[:64]!r} cannot be set here")
        if not text.isprintable():
            raise ValueError(f"the header {name} has characters that no header may have")
    return value


HeaderValue = Annotated[str, StringConstraints(max_length=500)]
SecretName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Headers = Annotated[dict[str, HeaderValue], Field(max_length=16), AfterValidator(_are_not_ours)]
SecretHeaders = Annotated[dict[str, SecretName], Field(max_length=16), AfterValidator(_are_not_ours)]


class HttpRequest(BaseModel):
    """One request to a web service, with places for the tool's arguments."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    url: Annotated[str, StringConstraints(max_length=1000), AfterValidator(_is_template)]
    """Such as https://example.com/orders/{number}: a place is filled by the argument of that name, percent-encoded."""
    method: HttpMethod = HttpMethod.GET
    headers: Headers = Field(default_factory=dict)
    secret_headers: SecretHeaders = Field(default_factory=dict)
    """Header names to names of secrets of the configuration (`[tools]`), whose texts they get."""
    retries: int = Field(default=0, ge=0, le=2)
    """So often it is tried again within the tool's time where the service was not reached or had a fault of its own.
    A POST or PATCH is repeated with the same Idempotency-Key, which the service must know then."""

    @property
    def places(self) -> frozenset[str]:
        """Names of the arguments that the address needs."""
        return frozenset(_PLACE.findall(self.url))

    def address(self, arguments: Mapping[str, Any]) -> str:
        """The address for these arguments. Raises PhoneAgentError for one that no address can hold."""
        url = _PLACE.sub(lambda place: _encoded(place[1], arguments.get(place[1])), self.url)
        rest = {} if self.method.takes_body else self.rest(arguments)
        query = "&".join(f"{quote(name, safe='')}={_encoded(name, value)}" for name, value in rest.items())
        if not query:
            return url
        return f"{url}{'&' if '?' in url else '?'}{query}"

    def rest(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that have no place in the address."""
        return {name: value for name, value in arguments.items() if name not in self.places}


def _encoded(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if value is None or not text.strip(" .") or len(text) > LONGEST_VALUE or not text.isprintable():
        raise PhoneAgentError(f"The argument {name} cannot be part of an address.", code="tool_bad_arguments")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise PhoneAgentError(f"The argument {name} is no text.", code="tool_bad_arguments") from None
