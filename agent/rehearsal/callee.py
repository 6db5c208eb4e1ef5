"""One scenario as a real call of the agent's: order it, take it, play the callee, and measure what was recorded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import TelephonyError
from agent.rehearsal.bridging import bridges
from agent.rehearsal.director import Director
from agent.rehearsal.events import CallFollower, EventDict, EventFeed
from agent.rehearsal.moments import Moment, MomentKind, Watcher
from agent.rehearsal.performance import Performance
from agent.rehearsal.performer import OVER_TIMEOUT_S, how, measured, narrator
from agent.rehearsal.props import Props
from agent.rehearsal.scenario import Answer, Scenario
from agent.testing.softphone import CallEndedError, IncomingCall, PhoneCall, Softphone

CALL_TIMEOUT_S = 30.0
"""From the order to the INVITE."""
Order = Callable[[Scenario], Awaitable[str]]
"""Has the agent call; returns the call's id. Raises TelephonyError."""
Talk = Callable[[PhoneCall, Sequence[EventDict]], Awaitable[str | None]]
"""Leads an answered call in place of the scenario's steps, beside the agent's own account of it, which grows; returns
why it could not be led to its end, in a sentence. CallEndedError ends it, too."""


async def perform_callee(
    scenario: Scenario,
    props: Props,
    *,
    phone: Softphone,
    order: Order,
    feed: EventFeed,
    recording: Path,
    watch: Watcher,
    talk: Talk | None = None,
) -> Performance:
    """Let the agent call the softphone, which listens. Whatever happens is in the performance."""
    follower = CallFollower("", callee=scenario.to)
    zero, troubles = datetime.now(UTC), list[str]()
    director: Director | None = None
    incoming: IncomingCall | None = None
    with feed.listening(follower), feed.listening(narrator(follower, watch)):
        try:
            await order(scenario)
            watch(Moment(MomentKind.DIALLED, scenario.to))
            incoming = await asyncio.wait_for(phone.incoming(), CALL_TIMEOUT_S)
            incoming.recording = recording
            call = await _taken(incoming, scenario.answer, props, scenario.ring_timeout_s)
            if call is not None and talk is not None:
                watch(Moment(MomentKind.ANSWERED))
                with contextlib.suppress(CallEndedError):
                    troubles += filter(None, [await talk(call, follower.events)])
            elif call is not None:
                watch(Moment(MomentKind.ANSWERED))
                director = Director(call, watch, bridging=lambda: bridges(follower.events))
                await director.play(props.lines)
        except TimeoutError:
            troubles.append(f"The agent did not call within {CALL_TIMEOUT_S:g} s.")
        except CallEndedError as error:
            troubles.append(f"The call was over before it was answered ({error})")
        except TelephonyError as error:
            troubles.append(str(error))
        finally:
            if incoming is not None:
                watch(Moment(MomentKind.ENDED, how(await incoming.hang_up())))
        if incoming is not None:
            try:
                await asyncio.wait_for(asyncio.shield(follower.over), OVER_TIMEOUT_S)
            except TimeoutError:
                troubles.append(f"The agent did not tell how the call ended within {OVER_TIMEOUT_S:g} s.")
    performance = Performance(zero=zero, answered=None, ended=0.0)
    if incoming is not None and incoming.call is not None:
        said = director.said if director is not None else ()
        performance = await asyncio.to_thread(measured, incoming.call, said)
    troubles += [director.trouble] if director is not None and director.trouble else []
    return replace(performance, events=tuple(follower.events), troubles=tuple(troubles))


async def _taken(incoming: IncomingCall, answer: Answer, props: Props, ring_s: float) -> PhoneCall | None:
    """The answered call; None where the callee wants none. Raises CallEndedError where the agent gave up before."""
    incoming.ring()
    if answer.never:
        await asyncio.wait([incoming.ended], timeout=ring_s + OVER_TIMEOUT_S)
        return None
    await asyncio.wait([incoming.ended], timeout=answer.after_ms / 1000)
    if answer.reject is not None:
        incoming.reject(answer.reject)
        return None
    return incoming.answer(background=props.background, condition=props.condition)
