"""A conversation by a script in writing, found again from what was said so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from agent.dialog.script.script_talk import Helper, ScriptTalk
from agent.dialog.script.talk_state import Move
from agent.domain.script import CallScript
from agent.domain.variables import Value


async def move_after(
    script: CallScript, variables: Mapping[str, Value], said: Sequence[str], *, today: date, helper: Helper | None
) -> Move:
    """What is said once the callee has said all of `said`, in order; nothing yet: the first words.

    The model is asked about the last of them alone. Raises LanguageModelError.
    """
    talk = ScriptTalk(script, variables, today=today)
    move = _heard(talk, talk.begin())
    for words in said[:-1]:
        if move.ends is not None:
            return move
        move = _heard(talk, await talk.consider(words))
    if said and move.ends is None:
        talk.helper = helper
        move = await talk.consider(said[-1])
    return move


def _heard(talk: ScriptTalk, move: Move) -> Move:
    talk.commit(move)
    for line in move.lines:
        talk.said(line)
    return move
