"""A SIP dialog (RFC 3261 12): what every later request of a call has in common. No socket, no clock."""

from __future__ import annotations

from dataclasses import dataclass

from agent.testing.softphone.sip import Headers, Request, Response, parameter, uri_of

MAX_FORWARDS = 70  # RFC 3261 8.1.1.6


@dataclass(slots=True)
class Dialog:
    """The calling side of a dialog."""

    call_id: str
    local: str
    """Our From, with its tag."""
    remote: str
    """Their To, with its tag once it is known."""
    target: str
    """Request-URI: whom to reach; their Contact once it is known."""
    contact: str
    """Our own URI."""
    routes: tuple[str, ...] = ()
    sequence: int = 0
    """CSeq of our latest request."""

    @property
    def remote_tag(self) -> str:
        """Empty until the other side has answered."""
        return parameter(self.remote, "tag")

    def establish(self, response: Response) -> None:
        """Take over tag, target and route set from a response that makes the dialog (12.1.2)."""
        self.remote = response.get("To")
        self.retarget(response.get("Contact"))
        self.routes = tuple(reversed(list(response.all("Record-Route"))))

    def retarget(self, contact: str) -> None:
        """A target refresh: their Contact has changed; an absent one changes nothing."""
        self.target = uri_of(contact) or self.target

    def request(
        self, method: str, *, via: str, sequence: int | None = None, headers: Headers = (), body: bytes = b""
    ) -> Request:
        """The next request of this dialog; ACK passes the `sequence` of its INVITE."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        common = (
            ("Via", via),
            ("Max-Forwards", str(MAX_FORWARDS)),
            *(("Route", route) for route in self.routes),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{sequence} {method}"),
            ("Contact", f"<{self.contact}>"),
        )
        return Request(headers=(*common, *headers), body=body, method=method, uri=self.target)
