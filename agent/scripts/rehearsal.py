"""Rehearses a script in writing against simulated callees, without a model: what the rules read is what counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date

from agent.dialog.opt_out import wants_no_more_calls
from agent.dialog.script.script_talk import ScriptTalk
from agent.dialog.script.talk_state import Move
from agent.domain.script import CallScript
from agent.domain.script_rehearsal import Caller, Coverage, Rehearsed, RehearsedTurn
from agent.domain.script_text import filled
from agent.scripts.callees import Callee, answer, callees

MOST_TURNS = 60
"""Of a callee; a script ends long before."""


async def rehearse(script: CallScript, *, today: date) -> tuple[list[Rehearsed], Coverage]:
    """Conversations with callees of all kinds, and what none of them came to."""
    done = [await _talk(script, callee, today) for callee in callees(script)]
    done.append(_voicemail(script))
    return done, coverage(script, done, exits={one.exit for one in done})


async def _talk(script: CallScript, callee: Callee, today: date) -> Rehearsed:
    talk = ScriptTalk(script, script.variables, today=today)
    turns: list[RehearsedTurn] = []
    states: list[str] = []
    asked: Counter[tuple[str, bool]] = Counter()
    move = talk.begin()
    for _ in range(MOST_TURNS):
        _say(talk, move, turns)
        states += [name for name in move.state.place.visits if name not in states]
        if move.ends is not None:
            break
        question = (move.state.asked, move.state.confirming)
        words = answer(
            callee,
            script,
            move.state.open_slot(script),
            confirming=move.state.confirming,
            times=asked[question],
            today=today,
        )
        asked[question] += 1
        turns.append(RehearsedTurn(speaker="callee", text=words))
        move = await talk.consider(words)
    progress = talk.progress()
    return Rehearsed(
        caller=callee.kind,
        exit=progress.exit,
        outcome=progress.outcome,
        success=progress.success,
        slots=dict(progress.slots),
        states=states,
        turns=turns,
        opted_out=any(wants_no_more_calls(turn.text) for turn in turns if turn.speaker == "callee"),
    )


def _say(talk: ScriptTalk, move: Move, turns: list[RehearsedTurn]) -> None:
    talk.commit(move)
    for line in move.lines:
        talk.said(line)
    turns.append(RehearsedTurn(speaker="agent", text=" ".join(line.text for line in move.lines)))


def _voicemail(script: CallScript) -> Rehearsed:
    message = filled(script.voicemail, script.variables, script.facts)
    turns = [RehearsedTurn(speaker="agent", text=message)] if message else []
    return Rehearsed(caller=Caller.VOICEMAIL, exit=None, outcome=None, success=None, slots={}, states=[], turns=turns)


def coverage(script: CallScript, done: Sequence[Rehearsed], *, exits: Collection[str | None]) -> Coverage:
    """What none of these conversations came to; `exits` are those that they came to."""
    came = {name for one in done for name in one.states} | {*exits}
    valued = {name for one in done for name, value in one.slots.items() if value is not None}
    states = [state.name for state in script.states if state.name not in came]
    missed = [ending.name for ending in script.exits if ending.name not in came]
    slots = [slot.name for slot in script.slots if slot.name not in valued]
    whole = len(script.states) + len(script.exits) + len(script.slots)
    return Coverage(states=states, exits=missed, slots=slots, share=round(1 - len(states + missed + slots) / whole, 3))
