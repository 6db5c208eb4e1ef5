"""Composition root: builds every part, starts, drains and stops them in order."""
