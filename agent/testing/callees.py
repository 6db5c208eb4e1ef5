"""What people and machines do when their telephone rings: ready-made parts for a `TrunkPeer`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from agent.testing.softphone import IncomingCall, PhoneCall
from agent.testing.softphone.rtp import Pcm

Callee = Callable[[IncomingCall], Awaitable[object]]
"""Deals with one call from its INVITE on; returns when it does nothing more. CallEndedError ends it, too."""
Talk = Callable[[PhoneCall], Awaitable[object]]
"""What an answered call's callee says and does."""


async def listens(call: PhoneCall) -> None:
    """Says nothing until the other side hangs up."""
    await asyncio.shield(call.ended)


def says(*sounds: Pcm) -> Talk:
    """Speaks one after the other, as one who does not listen, and then is silent."""

    async def talk(call: PhoneCall) -> None:
        for sound in sounds:
            await call.say(sound)

    return talk


def hangs_up_after(talk: Talk) -> Talk:
    """Hangs up when it has done something."""

    async def then_over(call: PhoneCall) -> None:
        await talk(call)
        await call.hang_up()

    return then_over


def answers(talk: Talk = listens, *, after_s: float = 0.0) -> Callee:
    """Rings, answers after so long, and talks."""

    async def callee(incoming: IncomingCall) -> None:
        incoming.ring()
        if await _still_there(incoming, after_s):
            await talk(incoming.answer())

    return callee


def rejects(code: int = 486, *, after_s: float = 0.0) -> Callee:
    """Rings where that takes time, and refuses with a SIP code: 486 busy, 603 declined, 404 unknown, 503 congestion."""

    async def callee(incoming: IncomingCall) -> None:
        if after_s:
            incoming.ring()
        if await _still_there(incoming, after_s):
            incoming.reject(code)

    return callee


async def rings_on(incoming: IncomingCall) -> None:
    """Nobody comes to the telephone."""
    incoming.ring()


async def says_nothing(_incoming: IncomingCall) -> None:
    """The other side takes the call and never even rings."""


def early_media(sound: Pcm, then: Callee) -> Callee:
    """Plays a sound before any answer, as announcements and ringing tones of the network are, and goes on."""

    async def callee(incoming: IncomingCall) -> None:
        await incoming.progress().say(sound)
        await then(incoming)

    return callee


async def _still_there(incoming: IncomingCall, after_s: float) -> bool:
    if after_s:
        await asyncio.wait([incoming.ended], timeout=after_s)
    return incoming.waiting
