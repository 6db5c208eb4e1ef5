"""The lines to the outside: does Asterisk have each, is it registered, does it answer; and whom may we call."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Final

from agent.doctor.check import Check, good, warning
from agent.settings import OutboundSettings, TrunkSettings
from agent.store.switches import Switch
from agent.telephony.ami_state import Reach, Registration
from agent.telephony.trunk_states import TrunkState

RESOLVE_S: Final = 5.0
OUTBOUND: Final = "outbound"
_SEE = "`pjsip show registrations` and `pjsip show contacts` in Asterisk's console say more."


def trunk_check(name: str) -> str:
    """Of the check of a trunk of the configuration."""
    return f"trunk {name}"


async def knows_host(host: str) -> bool:
    """Whether a name leads to an address here; addresses do, and so does no name."""
    if not host:
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return True
    try:
        async with asyncio.timeout(RESOLVE_S):
            return bool(await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM))
    except (OSError, TimeoutError, UnicodeError):
        return False


def check_trunk(state: TrunkState, settings: TrunkSettings, *, host_known: bool) -> Check:
    """How one trunk of the configuration stands in Asterisk; `host_known`: its address has one, or needs none."""
    name, key = trunk_check(state.name), f"outbound.trunks.{state.name}"
    if not host_known:
        return warning(
            name, "trunk_host_unknown", f"no address is found for {settings.host}",
            f"check {key}.host, and the name server of this machine.",
        )  # fmt: skip
    if not state.configured:
        return warning(
            name, "trunk_not_configured", f"Asterisk has no endpoint {state.endpoint}",
            _mend_endpoint(state.endpoint, settings),
        )  # fmt: skip
    login = f"{key}.username and {key}.password" if settings.host else "user and password of its auth in pjsip.conf"
    where = f"{settings.host}:{settings.port}" if settings.host else "its address in pjsip.conf"
    reach_it = f"check {where}, and that firewalls let SIP out to it and its answers in; {_SEE}"
    if state.registration is Registration.REJECTED:
        return warning(name, "trunk_rejected", "the provider refuses our registration", f"check {login}; {_SEE}")
    if state.registration not in {Registration.NONE, Registration.REGISTERED}:
        return warning(name, "trunk_not_registered", f"the provider does not answer ({state.registration})", reach_it)
    if state.reach is Reach.UNREACHABLE:
        return warning(name, "trunk_unreachable", "the provider does not answer (OPTIONS)", reach_it)
    return good(name, _well(state))


def _mend_endpoint(endpoint: str, settings: TrunkSettings) -> str:
    by_hand = f"add the section {endpoint} to its pjsip.conf, then `pjsip reload`"
    if not settings.host:
        return f"{by_hand}; asterisk-config/pjsip.d/trunk.conf.example has one."
    return f"restart `phone-agent run`, which gives its Asterisk the trunk; to an Asterisk of your own {by_hand}."


def _well(state: TrunkState) -> str:
    registered = "registered" if state.registration is Registration.REGISTERED else "needs no registration"
    if state.reach is Reach.UNKNOWN:
        return f"{registered}; whether it answers is not asked (qualify)"
    took = "" if state.roundtrip_ms is None else f" in {state.roundtrip_ms:.0f} ms"
    return f"{registered}, answers{took}"


def check_outbound(settings: OutboundSettings, switch: Switch | None) -> Check:
    """Whether calls go out, and to whom; `switch` is the one of the record, where it is on."""
    if not settings.allow:
        return good(OUTBOUND, "closed: nobody is called until outbound.allow names prefixes")
    if settings.stopped:
        return warning(OUTBOUND, "outbound_stopped", "outbound.stopped stops all calls out", "set it to false.")
    if switch is not None:
        return warning(
            OUTBOUND, "outbound_stopped", f"all calls out have been stopped since {switch.since:%Y-%m-%d %H:%M} UTC",
            "let them go by `DELETE /v1/system/outbound_stop` (scope admin).",
        )  # fmt: skip
    lost = [prefix for prefix in settings.allow if not any(_meets(prefix, one) for one in _prefixes(settings))]
    if lost:
        return warning(
            OUTBOUND, "no_trunk", f"no trunk leads to {', '.join(lost)}, which outbound.allow names",
            "add one ([outbound.trunks.NAME]), or its prefix to the `prefixes` of one.",
        )  # fmt: skip
    bounds = {"minutes": settings.minutes_per_day, "money": settings.spend_per_day}
    unbound = [what for what, most in bounds.items() if not most]
    told = f"; no bound of {' and '.join(unbound)} per day" if unbound else ""
    return good(OUTBOUND, f"open for {', '.join(settings.allow)} over {_count(len(settings.trunks))}{told}")


def _prefixes(settings: OutboundSettings) -> Iterable[str]:
    return (prefix for trunk in settings.trunks.values() for prefix in trunk.prefixes)


def _meets(allowed: str, led_to: str) -> bool:
    """Whether some number may begin with both."""
    return allowed.startswith(led_to) or led_to.startswith(allowed)


def _count(trunks: int) -> str:
    return "1 trunk" if trunks == 1 else f"{trunks} trunks"
