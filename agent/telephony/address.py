"""Where Asterisk is told to bring the sound."""

from __future__ import annotations

import ipaddress

from agent.errors import ConfigurationError


def advertised(advertise: str, address: tuple[str, int]) -> str:
    """The host:port that Asterisk is told: `advertise`, or else the `address` on which we listen.

    Raises ConfigurationError where nobody could connect to it.
    """
    if advertise:
        return advertise
    host, port = address
    ip = ipaddress.ip_address(host)
    if ip.is_unspecified:
        raise ConfigurationError(
            f"media.bind is {host}, which is no address to connect to: "
            "set media.advertise to the host:port at which Asterisk reaches this program."
        )
    return f"[{host}]:{port}" if ip.version == 6 else f"{host}:{port}"
