"""One scenario as a real call: dial, play the caller, hang up, and measure what was recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.domain.call import CallStatus
from agent.errors import TelephonyError
from agent.rehearsal.bridging import bridges
from agent.rehearsal.director import Director
from agent.rehearsal.events import CallFollower, EventFeed, Listener
from agent.rehearsal.moments import Moment, MomentKind, Watcher
from agent.rehearsal.performance import Frames, Performance, Said, Span
from agent.rehearsal.props import Props
from agent.rehearsal.scenario import Scenario
from agent.testing import measure
from agent.testing.softphone import CallEnd, PhoneCall, Softphone
from agent.testing.softphone.rtp import RATE

ANSWER_TIMEOUT_S = 30.0
OVER_TIMEOUT_S = 15.0
"""How long after the hang-up the agent may take to tell how the call ended."""
OTHER = "9"
"""Added to the caller's number for the call that a `connect` places."""
_KINDS = {"caller": MomentKind.CALLER_HEARD, "agent": MomentKind.AGENT_SAID}


async def perform(
    scenario: Scenario,
    props: Props,
    *,
    phone: Softphone,
    server: tuple[str, int],
    caller: str,
    feed: EventFeed,
    recording: Path,
    watch: Watcher,
) -> Performance:
    """Place the call from the number `caller`, which no other call may have at the same time.

    Whatever the other side does is in the performance. Raises OSError where the recording cannot be written.
    """
    follower, other = CallFollower(caller), CallFollower(f"{caller}{OTHER}")
    with feed.listening(follower), feed.listening(narrator(follower, watch)), feed.listening(other):
        call = await phone.call(
            *server,
            scenario.to,
            recording=recording,
            user=caller,
            background=props.background,
            condition=props.condition,
        )
        watch(Moment(MomentKind.DIALLED, scenario.to))

        async def dial(number: str) -> PhoneCall:
            beside = recording.with_stem(f"{recording.stem}-{OTHER}")
            second = await phone.call(*server, number, recording=beside, user=f"{caller}{OTHER}")
            return await _connected(call, second)

        director = Director(call, watch, dial, bridging=lambda: bridges(follower.events))
        troubles = []
        try:
            if await asyncio.wait_for(asyncio.shield(call.answered), ANSWER_TIMEOUT_S):
                watch(Moment(MomentKind.ANSWERED))
                await director.play(props.lines)
            elif not _refusal_is_expected(scenario):
                troubles.append(f"The call was not answered ({how(call.ended.result())}).")
        except TimeoutError:
            troubles.append(f"The call was not answered within {ANSWER_TIMEOUT_S:g} s.")
        finally:
            await call.hang_up()
        watch(Moment(MomentKind.ENDED, how(call.ended.result())))
        for one in (follower, other) if other.events else (follower,):
            try:
                await asyncio.wait_for(asyncio.shield(one.over), OVER_TIMEOUT_S)
            except TimeoutError:
                troubles.append(f"The agent did not tell how the call ended within {OVER_TIMEOUT_S:g} s.")
    troubles += [director.trouble] if director.trouble else []
    performance = await asyncio.to_thread(measured, call, director.said)
    events, others = tuple(follower.events), tuple(other.events)
    return replace(performance, events=events, other_events=others, troubles=tuple(troubles))


async def _connected(call: PhoneCall, other: PhoneCall) -> PhoneCall:
    """The other call, once it is answered and each hears the other's far end. Raises TelephonyError."""
    try:
        if not await asyncio.wait_for(asyncio.shield(other.answered), ANSWER_TIMEOUT_S):
            raise TelephonyError(f"The other call was not answered ({how(other.ended.result())}).")
    except TimeoutError:
        await other.hang_up()
        raise TelephonyError(f"The other call was not answered within {ANSWER_TIMEOUT_S:g} s.") from None
    call.exchange(other)
    return other


def measured(call: PhoneCall, said: Sequence[Said]) -> Performance:
    """What the recording of a call that is over shows, without the agent's account. Takes a tenth of a second and more.

    Raises ValueError or OSError where it cannot be read.
    """
    report = call.report()
    _, received = measure.read_tracks(call.recording)
    return Performance(
        zero=call.zero,
        answered=None if call.answered_at is None else call.answered_at / RATE,
        ended=len(received) / RATE,
        said=tuple(said),
        agent_speech=tuple(_seconds(span) for span in measure.speech_spans(received)),
        holes=tuple(_seconds(span) for span in measure.holes(received, report.missing)),
        frames=Frames(
            sent=report.clock.frames,
            sent_late=report.clock.late_frames,
            received=report.reception.packets,
            received_late=report.reception.late,
            lost=report.reception.lost,
        ),
    )


def narrator(follower: CallFollower, watch: Watcher) -> Listener:
    """A listener that tells what was said in our own call."""

    def narrate(event: Mapping[str, Any]) -> None:
        if event["type"] == "turn.ended" and event in follower.events[-1:]:
            turn = event["turn"]
            kind = MomentKind.AGENT_CUT if turn["interrupted"] else _KINDS[turn["speaker"]]
            watch(Moment(kind, turn["text"]))

    return narrate


def _refusal_is_expected(scenario: Scenario) -> bool:
    wanted = [one.call.status for one in scenario.expect if one.call is not None and one.call.status is not None]
    return bool(wanted) and all(status is not CallStatus.COMPLETED for status in wanted)


def how(end: CallEnd) -> str:
    """How a call ended, in two or three words."""
    code = "" if end.code is None else f" {end.code}"
    return f"{end.kind.replace('_', ' ')}{code}"


def _seconds(span: measure.Span) -> Span:
    return Span(span.start / RATE, span.end / RATE)
