"""Rewriting rules: patterns tried one after the other, each over the whole text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

Replacement = str | Callable[[re.Match[str]], str]
Rule = tuple[re.Pattern[str], Replacement]
Stage = tuple[bool, list[Rule]]
"""Rules, and whether they have nothing to do in a text without a digit; most sentences are one."""
_DIGIT = re.compile("[0-9]")


def rule(pattern: str, replacement: Replacement, flags: int = 0) -> Rule:
    """A pattern and what takes its place; repetitions in it must be bounded or unable to overlap their neighbours."""
    return re.compile(pattern, flags), replacement


def rewrite(text: str, rules: Iterable[Rule]) -> str:
    """`text` after all `rules`, in their order."""
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def rewrite_in_stages(text: str, stages: Iterable[Stage]) -> str:
    """`text` after the rules of all `stages` that may have something to do."""
    for needs_digits, rules in stages:
        if not needs_digits or _DIGIT.search(text):
            text = rewrite(text, rules)
    return text
