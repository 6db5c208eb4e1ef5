"""Composition root: builds every part, starts, drains and stops them in order; alone imports everything."""

from agent.app.phone_agent import PhoneAgent

__all__ = ["PhoneAgent"]
