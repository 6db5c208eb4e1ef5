"""E-mail and web addresses, read out: "info at example dot com"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from agent.speech.spoken.rules import Rule, rule

# fmt: off
_TOP_LEVEL = (
    "com", "org", "net", "edu", "gov", "info", "biz", "io", "co", "de", "at", "ch", "eu", "uk", "us", "ca", "au", "fr",
    "nl", "it", "es", "dev", "app", "shop", "online", "local", "test", "example", "me", "tv",
)
# fmt: on
_LABEL = r"[A-Za-z0-9äöüÄÖÜß][A-Za-z0-9äöüÄÖÜß-]{0,60}"
_MAIL = rf"(?<![\w.+-])(?:mailto:)?[A-Za-z0-9][\w.+-]{{0,63}}@{_LABEL}(?:\.{_LABEL}){{1,6}}"
_WEB = rf"(?<![\w@.-])(?:https?://|www\.){_LABEL}(?:\.{_LABEL}){{0,6}}(?::\d{{1,5}})?(?:/[^\s,;!?()<>\"']{{0,200}})?"
_DOMAIN = rf"(?<![\w@.-])(?:{_LABEL}\.){{1,5}}(?:{'|'.join(_TOP_LEVEL)})(?![\w@-])(?:/[^\s,;!?()<>\"']{{0,200}})?"


@dataclass(frozen=True, slots=True)
class AddressWords:
    """How a language calls the signs in an address."""

    at: str
    dot: str
    dash: str
    underscore: str
    slash: str
    plus: str
    colon: str
    digits: Callable[[str], str]
    """A row of digits, digit by digit."""


def address_rules(words: AddressWords) -> list[Rule]:
    """For e-mail addresses, web addresses, and names like example.com under the best-known endings."""
    signs = {
        "@": words.at,
        ".": words.dot,
        "-": words.dash,
        "_": words.underscore,
        "/": words.slash,
        "+": words.plus,
        ":": words.colon,
    }

    def read(match: re.Match[str]) -> str:
        address = re.sub(r"^(?:https?://|mailto:)", "", match[0])
        whole = address.rstrip(".-_:/")
        end = address[len(whole) :].rstrip("/") if whole else ""
        page = whole.split("?", 1)[0].split("#", 1)[0] or whole
        said = (_part(part, signs, words) for part in re.findall(r"[^\W\d_]+|\d+|[^\w\s]|_", page))
        return " ".join(part for part in said if part) + end

    return [rule(_MAIL, read), rule(_WEB, read), rule(_DOMAIN, read)]


def _part(part: str, signs: dict[str, str], words: AddressWords) -> str:
    if part.isdecimal():
        return words.digits(part) if part.isascii() else part
    return part if part[0].isalpha() else signs.get(part, "")
