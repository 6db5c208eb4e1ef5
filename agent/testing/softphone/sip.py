"""SIP messages: bytes in, objects out, and back (RFC 3261 section 7). No socket, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

BRANCH_PREFIX = "z9hG4bK"  # RFC 3261 8.1.1.7: marks a branch that identifies its transaction
_COMPACT = {
    "i": "call-id",
    "m": "contact",
    "e": "content-encoding",
    "l": "content-length",
    "c": "content-type",
    "f": "from",
    "s": "subject",
    "k": "supported",
    "t": "to",
    "v": "via",
}
_LISTS = frozenset({"via", "route", "record-route", "contact", "allow", "supported", "reason"})

REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    302: "Moved Temporarily",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
}
"""Reason phrases (RFC 3261 21) of the codes that we send."""

Headers = tuple[tuple[str, str], ...]


class SipSyntaxError(ValueError):
    """The datagram is not a SIP message."""


@dataclass(frozen=True, slots=True)
class _Message:
    headers: Headers
    body: bytes

    def get(self, name: str) -> str:
        """The first value of a header, empty where it is absent; `name` in any case, not in its compact form."""
        return next(self.all(name), "")

    def all(self, name: str) -> Iterator[str]:
        """Every value of a header, in order; comma-separated lists are taken apart."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                yield from split_list(value) if wanted in _LISTS else (value,)

    @property
    def cseq(self) -> tuple[int, str]:
        """Sequence number and method; (0, "") where the header is missing or malformed."""
        number, _, method = self.get("CSeq").partition(" ")
        return (int(number), method.strip()) if number.isdecimal() else (0, "")

    @property
    def branch(self) -> str:
        """The transaction's identifier, from the topmost Via."""
        return parameter(self.get("Via"), "branch")

    def _encode(self, start: str) -> bytes:
        lines = [start, *(f"{name}: {value}" for name, value in self.headers), f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True, slots=True)
class Request(_Message):
    """Something that is asked for. `headers` hold no Content-Length: it is written by `encode`."""

    method: str
    uri: str

    def encode(self) -> bytes:
        """As it stands on the wire."""
        return self._encode(f"{self.method} {self.uri} SIP/2.0")

    def with_headers(self, *headers: tuple[str, str]) -> Request:
        """A copy with more headers at its end."""
        return replace(self, headers=(*self.headers, *headers))


@dataclass(frozen=True, slots=True)
class Response(_Message):
    """What was answered. `headers` hold no Content-Length: it is written by `encode`."""

    status: int
    reason: str

    def encode(self) -> bytes:
        """As it stands on the wire."""
        return self._encode(f"SIP/2.0 {self.status} {self.reason}")


def respond(
    request: Request, status: int, reason: str, *, to_tag: str = "", headers: Headers = (), body: bytes = b""
) -> Response:
    """An answer to `request` (RFC 3261 8.2.6): its Via, From, To, Call-ID and CSeq are copied.

    `to_tag` is added where To has none yet.
    """
    to = request.get("To")
    if to_tag and not parameter(to, "tag"):
        to = f"{to};tag={to_tag}"
    copied = [
        *(("Via", value) for value in request.all("Via")),
        *(("Record-Route", value) for value in request.all("Record-Route")),
        ("From", request.get("From")),
        ("To", to),
        ("Call-ID", request.get("Call-ID")),
        ("CSeq", request.get("CSeq")),
    ]
    return Response(headers=(*copied, *headers), body=body, status=status, reason=reason)


def parse(datagram: bytes) -> Request | Response:
    """The message in one datagram. Raises SipSyntaxError.

    A Content-Length shorter than the rest cuts it; a longer one is an error (RFC 3261 18.3).
    """
    head, separator, rest = datagram.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        raise SipSyntaxError("no empty line after the headers")
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError as error:
        raise SipSyntaxError("headers are not UTF-8") from error
    headers = tuple(_headers(lines[1:]))
    declared = next((value for name, value in headers if name.lower() == "content-length"), None)
    body = rest if declared is None else _cut(rest, declared)
    kept = tuple((name, value) for name, value in headers if name.lower() != "content-length")
    first, _, after = lines[0].partition(" ")
    if first == "SIP/2.0":
        code, _, reason = after.partition(" ")
        if len(code) != 3 or not code.isascii() or not code.isdecimal() or code[0] not in "123456":
            raise SipSyntaxError(f"not a status code: {code[:20]!r}")
        return Response(headers=kept, body=body, status=int(code), reason=reason)
    uri, _, version = after.rpartition(" ")
    if version != "SIP/2.0" or not first or not uri:
        raise SipSyntaxError(f"not a start line: {lines[0][:80]!r}")
    return Request(headers=kept, body=body, method=first, uri=uri)


def _headers(lines: list[str]) -> Iterator[tuple[str, str]]:
    unfolded: list[str] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and unfolded:
            unfolded[-1] += " " + line.strip()
        else:
            unfolded.append(line)
    for line in unfolded:
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not name:
            raise SipSyntaxError(f"not a header: {line[:80]!r}")
        yield _COMPACT.get(name.lower(), name), value.strip()


def _cut(rest: bytes, declared: str) -> bytes:
    if not declared.isascii() or not declared.isdecimal() or int(declared) > len(rest):
        raise SipSyntaxError(f"Content-Length {declared[:20]!r} for a body of {len(rest)} bytes")
    return rest[: int(declared)]


def split_list(value: str) -> Iterator[str]:
    """Elements of a comma-separated header; commas in quotes and in <> do not separate."""
    quoted, depth, start = False, 0, 0
    for index, char in enumerate(value):
        if char == '"' and value[index - 1 : index] != "\\":
            quoted = not quoted
        elif not quoted and char in "<>":
            depth += 1 if char == "<" else -1
        elif not quoted and depth == 0 and char == ",":
            yield value[start:index].strip()
            start = index + 1
    yield value[start:].strip()


def parameter(value: str, name: str) -> str:
    """A parameter of a header value (`;tag=…`), unquoted; empty where it is absent. Inside <> they are the URI's."""
    for part in value.rpartition(">")[2].split(";")[1:] if ">" in value else value.split(";")[1:]:
        key, _, content = part.partition("=")
        if key.strip().lower() == name:
            return content.strip().strip('"')
    return ""


def uri_of(value: str) -> str:
    """The URI of a name-addr or addr-spec, without the header's own parameters."""
    _, bracket, rest = value.partition("<")
    return rest.partition(">")[0] if bracket else value.partition(";")[0].strip()


def user_of(uri: str) -> str:
    """The user part of a SIP URI, such as the number that is called; empty where there is none."""
    address = uri.partition(":")[2]
    user, at, _ = address.partition("@")
    return unquote(user.partition(";")[0]) if at else ""
