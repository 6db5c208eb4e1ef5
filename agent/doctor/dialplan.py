"""Which dialled numbers Asterisk hands to the agent, as far as its dialplan tells. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from agent.doctor.check import Check, good, warning

_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]"}
_EXTENSIONS_CONF = "see extensions.conf of asterisk-config/ for how numbers are handed to the agent."


def check_dialplan(steps: Iterable[Mapping[str, str]], app: str, numbers: Iterable[str]) -> Check:
    """Whether each of our numbers leads to our Stasis application.

    `steps` are AMI's ListDialplan events. A dialplan may lead there in ways that cannot be seen (variables, realtime,
    Lua), so what is not found is a warning. The context `stasis-APP`, which Asterisk itself makes for a connected
    application, leads no caller there.
    """
    ways = [
        (str(step.get("Context")), str(step.get("Extension")))
        for step in steps
        if step.get("Application") == "Stasis"
        and str(step.get("AppData")).split(",")[0].strip() == app
        and step.get("Context") != f"stasis-{app}"
    ]
    if not ways:
        return warning(
            "dialplan", "dialplan_without_app", f"no extension of the dialplan leads to Stasis({app})",
            _EXTENSIONS_CONF,
        )  # fmt: skip
    lost = [number for number in numbers if not any(matches(pattern, number) for _, pattern in ways)]
    if lost:
        return warning(
            "dialplan", "number_not_routed", f"{', '.join(lost)} of agents.numbers leads nowhere in the dialplan",
            _EXTENSIONS_CONF,
        )  # fmt: skip
    return good("dialplan", f"our numbers lead to the agent from context {', '.join(sorted({c for c, _ in ways}))}")


def check_fallback(steps: Iterable[Mapping[str, str]], context: str) -> Check:
    """Whether callers whom the agent cannot take have somewhere to go: extension `s` of `capacity.fallback_context`."""
    if any(step.get("Context") == context and step.get("Extension") == "s" for step in steps):
        return good("fallback", f"callers without a place go to the context {context}")
    return warning(
        "fallback", "no_fallback", f"callers without a place have nowhere to go: context {context} has no extension s",
        "add it as in extensions.conf of asterisk-config/, or set capacity.fallback_context to one that you have.",
    )  # fmt: skip


def matches(pattern: str, number: str) -> bool:
    """Whether an extension matches a number by Asterisk's rules: `1000`, `_1XXX`, `_+N.`, `_[2-4]!`."""
    if not pattern.startswith("_"):
        return pattern == number
    return re.fullmatch(_regular(pattern[1:].split("/", maxsplit=1)[0]), number) is not None


def _regular(pattern: str) -> str:
    parts = []
    rest = pattern
    while rest:
        if rest[0] == "[" and "]" in rest:
            chosen, _, rest = rest[1:].partition("]")
            parts.append(f"[{re.escape(chosen).replace(chr(92) + '-', '-')}]")
            continue
        mark, rest = rest[0].upper(), rest[1:]
        if mark in {".", "!"}:
            return "".join([*parts, ".+" if mark == "." else ".*"])
        if mark not in {"-", " "}:  # they only make a pattern easier to read
            parts.append(_CLASSES.get(mark, re.escape(mark)))
    return "".join(parts)
