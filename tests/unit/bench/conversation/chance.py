"""Chance that a test can repeat."""

from __future__ import annotations

from random import Random


def seeded(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311 - chance, not a secret
