"""The address for electronic mail that was said: "anna dot miller at example dot com"."""

from __future__ import annotations

import re

_SIGNS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        (r"\s+(?:at(?: sign)?)\s+", "@"),
        (r"\s+(?:dot|point|period)\s+", "."),
        (r"\s+(?:underscore|under score)\s+", "_"),
        (r"\s+(?:dash|hyphen|minus)\s+", "-"),
    ),
    "de": (
        (r"\s+(?:at|ät|klammeraffe)\s+", "@"),
        (r"\s+(?:punkt|dot)\s+", "."),
        (r"\s+(?:unterstrich)\s+", "_"),
        (r"\s+(?:bindestrich|minus)\s+", "-"),
    ),
}
_ADDRESS = re.compile(r"[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.[a-z]{2,12}")
_SPELLED = re.compile(r"\b[a-z](?:[-\s][a-z]){2,}\b")
_NAMES: dict[str, str] = {
    "en": r"^.*?\b(?:my e-?mail is|address is|it is|it's|that's|that is|yes|sure|okay|it would be)\b[\s,:]*",
    "de": r"^.*?\b(?:adresse (?:ist|lautet)|das ist|das wäre|ja|sie lautet)\b[\s,:]*",
}


def mail_address(text: str, language: str) -> str | None:
    """In lower case; None where there is none. Words before the "at" belong together: "anna miller at …"."""
    code = language.lower()[:2]
    said = re.sub(r"(?<=\w)[,!?;:]+(?=\s|$)|\.(?=\s*$)", " ", f" {text.lower()} ").strip()
    said = re.sub(r"\s*([@])\s*", r"\1", said)
    for pattern, sign in _SIGNS.get(code, _SIGNS["en"]):
        said = re.sub(pattern, sign, said)
    said = re.sub(r"\.\s+(?=[a-z]{2,6}\b\W*$)", ".", said)
    if "@" not in said:
        return None
    said = _SPELLED.sub(lambda match: re.sub(r"[-\s]", "", match[0]), said)
    before, after = said.split("@", 1)
    shorter = re.sub(_NAMES.get(code, r"^$"), "", before)
    while shorter != before:
        before, shorter = shorter, re.sub(_NAMES.get(code, r"^$"), "", shorter)
    host = re.match(r"[a-z0-9.-]+", after.replace(" ", "", 1) if re.match(r"[a-z0-9-]+ [a-z0-9-]+\.", after) else after)
    words = before.split()
    if host is None or not words:
        return None
    joined = "".join(words[-3:])
    found = _ADDRESS.search(f"{joined}@{host[0].rstrip('.')}")
    return found[0] if found else None
