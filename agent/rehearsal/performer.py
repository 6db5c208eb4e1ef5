"""One scenario as a real call: dial, play the caller, hang up, and measure what was recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.domain.call import CallStatus
from agent.rehearsal.director import Director
from agent.rehearsal.events import CallFollower, EventFeed, Listener
from agent.rehearsal.moments import Moment, MomentKind, Watcher
from agent.rehearsal.performance import Frames, Performance, Span
from agent.rehearsal.props import Props
from agent.rehearsal.scenario import Scenario
from agent.testing import measure
from agent.testing.softphone import PhoneCall, Softphone
from agent.testing.softphone.rtp import RATE

ANSWER_TIMEOUT_S = 30.0
OVER_TIMEOUT_S = 15.0
"""How long after the hang-up the agent may take to tell how the call ended."""
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
    follower = CallFollower(caller)
    with feed.listening(follower), feed.listening(_narrator(follower, watch)):
        call = await phone.call(*server, scenario.to, recording=recording, user=caller, background=props.background)
        watch(Moment(MomentKind.DIALLED, scenario.to))
        director = Director(call, watch)
        troubles = []
        try:
            if await asyncio.wait_for(asyncio.shield(call.answered), ANSWER_TIMEOUT_S):
                watch(Moment(MomentKind.ANSWERED))
                await director.play(props.lines)
            elif not _refusal_is_expected(scenario):
                troubles.append(f"The call was not answered ({_how(call)}).")
        except TimeoutError:
            troubles.append(f"The call was not answered within {ANSWER_TIMEOUT_S:g} s.")
        finally:
            await call.hang_up()
        watch(Moment(MomentKind.ENDED, _how(call)))
        try:
            await asyncio.wait_for(asyncio.shield(follower.over), OVER_TIMEOUT_S)
        except TimeoutError:
            troubles.append(f"The agent did not tell how the call ended within {OVER_TIMEOUT_S:g} s.")
    troubles += [director.trouble] if director.trouble else []
    return await asyncio.to_thread(_measured, call, director, tuple(follower.events), tuple(troubles))


def _measured(
    call: PhoneCall, director: Director, events: tuple[Mapping[str, Any], ...], troubles: tuple[str, ...]
) -> Performance:
    report = call.report()
    _, received = measure.read_tracks(call.recording)
    return Performance(
        zero=call.zero,
        answered=None if call.answered_at is None else call.answered_at / RATE,
        ended=len(received) / RATE,
        said=tuple(director.said),
        agent_speech=tuple(_seconds(span) for span in measure.speech_spans(received)),
        events=events,
        holes=tuple(_seconds(span) for span in measure.holes(received, report.missing)),
        frames=Frames(
            sent=report.clock.frames,
            sent_late=report.clock.late_frames,
            received=report.reception.packets,
            received_late=report.reception.late,
            lost=report.reception.lost,
        ),
        troubles=troubles,
    )


def _narrator(follower: CallFollower, watch: Watcher) -> Listener:
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


def _how(call: PhoneCall) -> str:
    end = call.ended.result()
    code = "" if end.code is None else f" {end.code}"
    return f"{end.kind.replace('_', ' ')}{code}"


def _seconds(span: measure.Span) -> Span:
    return Span(span.start / RATE, span.end / RATE)
