"""Which trunks lead to a number, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent.domain.dialing import Dial
from agent.domain.outbound import OutboundOrder
from agent.domain.prices import longest_prefix
from agent.settings import TrunkSettings


def ways(
    number: str, trunks: Mapping[str, TrunkSettings], reachable: Callable[[str], bool] = lambda _name: True
) -> list[str]:
    """Names of trunks: the longest prefix that fits first, then the lower priority, then by name.

    Those that are not `reachable` come last: what is known of them may be old, and a failure is told.
    """
    fits = {name: longest_prefix(number, trunk.prefixes) for name, trunk in trunks.items()}
    found = [(name, prefix) for name, prefix in fits.items() if prefix is not None]
    found.sort(key=lambda one: (not reachable(one[0]), -len(one[1]), trunks[one[0]].priority, one[0]))
    return [name for name, _prefix in found]


def dial(order: OutboundOrder, name: str, trunk: TrunkSettings) -> Dial:
    """The attempt to reach whom the order names over a trunk."""
    return Dial(
        trunk=name,
        endpoint=trunk.endpoint,
        number=order.to.removeprefix("+") if trunk.strip_plus else order.to,
        caller_id=order.from_ or trunk.caller_id,
        ring_timeout_s=order.ring_timeout_s,
    )
