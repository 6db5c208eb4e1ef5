"""Which addresses webhooks may go to. Pure.

Whoever may set a URL must not reach through us what they cannot reach themselves: this machine, the network behind it,
or a cloud's metadata. So public addresses are allowed, private ones only by configuration, some never.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

from agent.errors import WebhookError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 2048
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_METADATA = frozenset(
    map(ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"))
)
"""Of AWS, Google, Alibaba, Azure and Oracle; 169.254.169.254, which all have, is link-local."""
_NEVER = (
    ip_network("0.0.0.0/8"),
    ip_network("169.254.0.0/16"),
    ip_network("255.255.255.255/32"),
    ip_network("::/128"),
    ip_network("fe80::/10"),
)
_PUBLIC_IPV6 = ip_network("2000::/3")
"""All that was ever given out; what lies outside is of local meaning, or none yet."""
_NAT64 = ip_network("64:ff9b::/96")
_IPV4_COMPATIBLE = ip_network("::/96")


class TargetError(WebhookError):
    """A URL or the address behind it is not allowed."""

    code = "webhook_target_refused"


class TargetPolicy:
    """The rules of one configuration."""

    def __init__(self, allowed_subnets: Sequence[Network] = ()) -> None:
        """`allowed_subnets` are allowed beside public addresses; loopback only by subnets that lie within it."""
        self._allowed = tuple(allowed_subnets)

    def check_url(self, text: str) -> URL:
        """The URL, if it may be one of an endpoint; its address is another question. Raises TargetError."""
        if len(text) > LONGEST_URL or not text.isprintable() or " " in text or "\\" in text:
            raise _bad(f"The URL must have at most {LONGEST_URL} characters and no spaces, controls or backslashes.")
        try:
            url = URL(text)
            port = url.port
        except ValueError:
            raise _bad("The URL cannot be read; write it like https://example.com/hooks.") from None
        if url.scheme not in {"http", "https"}:
            raise TargetError("The URL must begin with https:// or http://.", code="webhook_target_scheme")
        if not url.host or not port:
            raise _bad("The URL names no host or no port that can be; write it like https://example.com/hooks.")
        if url.user is not None or url.password is not None:
            raise TargetError(
                "The URL must hold no user name or password; the signature proves who sends.",
                code="webhook_target_credentials",
            )
        return url

    def check_address(self, text: str) -> None:
        """Whether a connection to this numeric address may be made. Raises TargetError."""
        address = embedded(ip_address(text.partition("%")[0]))
        if _is_never_allowed(address):
            raise TargetError(
                f"The address {address} is never a target of webhooks: it is link-local, multicast, unspecified, "
                "broadcast, or gives out a cloud's secrets.",
                code="webhook_target_forbidden",
            )
        if address.is_loopback:
            own = [subnet for subnet in self._allowed if any(_within(subnet, loopback) for loopback in _LOOPBACK)]
            if not any(address in subnet for subnet in own):
                raise TargetError(
                    f"The address {address} is this machine itself; name it in webhooks.allowed_subnets, as in "
                    f"{'127.0.0.1/32' if address.version == 4 else '::1/128'}, to allow it.",
                    code="webhook_target_loopback",
                )
            return
        if not _is_public(address) and not any(address in subnet for subnet in self._allowed):
            raise TargetError(
                f"The address {address} is not public; add its subnet to webhooks.allowed_subnets to allow it.",
                code="webhook_target_private",
            )


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to (mapped, compatible, 6to4, NAT64), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    mapped = address.ipv4_mapped or address.sixtofour
    if mapped is not None:
        return mapped
    low = int(address) & 0xFFFFFFFF
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and low > 1):
        return IPv4Address(low)
    return address


def _is_never_allowed(address: Address) -> bool:
    return address.is_multicast or address in _METADATA or any(address in network for network in _NEVER)


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_reserved and (address.version == 4 or address in _PUBLIC_IPV6)


def _within(subnet: Network, wider: Network) -> bool:
    if isinstance(subnet, IPv4Network):
        return isinstance(wider, IPv4Network) and subnet.subnet_of(wider)
    return isinstance(wider, IPv6Network) and subnet.subnet_of(wider)


def _bad(message: str) -> TargetError:
    return TargetError(message, code="webhook_target_url")
