"""What was said before, told to a small model as a record instead of as messages. Pure.

A model of a few billion parameters that reads plain words of its own goes on with plain words, and does not ask for a
tool that would fit: so for our own models the call so far is one note, where there are tools. And one that reads a
request of its own repeats it instead of wording what came of it: so it is told that in a note, and shown no tools then.
Decision 124 has figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from agent.dialog.history import Message, Role

SO_FAR = "Record of this call, which the caller knows:"
"""Not in the form of a play, which a small model goes on with: it said "You: …" aloud."""
WORD_IT = "Tell the caller what it gave, in one short sentence."
_SPEAKERS = {Role.SYSTEM: "note", Role.CALLER: "caller", Role.AGENT: "answer", Role.TOOL: "it gave"}


def condensed(messages: Sequence[Message]) -> list[Message]:
    """The same prompt with all before the caller's last words as one note; as it is where there are no tools.

    The note grows at its end only, so what a server has read of it stays known to it.
    """
    last = max((at for at, message in enumerate(messages) if message.role is Role.CALLER), default=0)
    if not messages[0].tools or last == 0:
        return list(messages)
    note = [Message(Role.SYSTEM, "\n".join([SO_FAR, *_lines(messages[1:last])]))] if last > 1 else []
    outcome = list(_outcomes(messages[last + 1 :]))
    if not outcome:
        return [messages[0], *note, *messages[last:]]
    told = Message(Role.SYSTEM, "\n".join([*outcome, WORD_IT]))
    return [replace(messages[0], tools=()), *note, messages[last], told]


def _outcomes(messages: Sequence[Message]) -> Iterator[str]:
    """What tools gave since the caller's last words, each once."""
    names = {message.use.id: message.use.name for message in messages if message.use is not None}
    found = (f"{names.get(message.answers, 'It')} gave: {message.text}" for message in messages if message.answers)
    return iter(dict.fromkeys(found))


def _lines(messages: Iterable[Message]) -> Iterable[str]:
    for message in messages:
        if message.text:
            yield f"- {_SPEAKERS[message.role]}: {' '.join(message.text.split())}"
        if message.use is not None:
            yield f"- used {message.use.name}: {json.dumps(message.use.arguments, ensure_ascii=False)}"
