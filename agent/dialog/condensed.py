"""What was said before, told to a small model as a record instead of as messages. Pure.

A model of a few billion parameters that reads plain words of its own goes on with plain words, and does not ask for a
tool that would fit: so for our own models the call so far is one note, where there are tools. Decision 124 has figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from agent.dialog.history import Message, Role

SO_FAR = "The call so far:"
_SPEAKERS = {Role.SYSTEM: "Note", Role.CALLER: "Caller", Role.AGENT: "You", Role.TOOL: "It gave"}


def condensed(messages: Sequence[Message]) -> list[Message]:
    """The same prompt with all before the caller's last words as one note; as it is where there are no tools.

    The note grows at its end only, so what a server has read of it stays known to it.
    """
    last = max((at for at, message in enumerate(messages) if message.role is Role.CALLER), default=0)
    if not messages[0].tools or last <= 1:
        return list(messages)
    note = "\n".join([SO_FAR, *_lines(messages[1:last])])
    return [messages[0], Message(Role.SYSTEM, note), *messages[last:]]


def _lines(messages: Iterable[Message]) -> Iterable[str]:
    for message in messages:
        if message.text:
            yield f"{_SPEAKERS[message.role]}: {' '.join(message.text.split())}"
        if message.use is not None:
            yield f"You used {message.use.name}: {json.dumps(message.use.arguments, ensure_ascii=False)}"
