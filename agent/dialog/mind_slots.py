"""Which slot of our own llama.cpp a request goes to. Pure.

A slot pays only for what it has not read yet. Left to itself, llama.cpp gives a new call the first slot that knows the
agent's prompt, even one that also holds the history of a call that goes on; that call then reads its history again.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from agent.dialog.history import Message


class SlotBook:
    """What each slot has read, as far as we know, for which call, and which of them are in use."""

    def __init__(self, prompts: Sequence[Sequence[Message]]) -> None:
        """`prompts`: for each slot what it has read already, such as the system prompt of an agent."""
        self._read = [list(prompt) for prompt in prompts]
        self._owner = [""] * len(self._read)
        self._used = [0] * len(self._read)
        self._uses = itertools.count(1)
        self._users = [0] * len(self._read)

    def borrow(self, messages: Sequence[Message], call: str = "") -> int | None:
        """The slot for `messages`, which it counts as having read from now on; None if all are in use.

        The slot that `call` had last, even while its last request is still letting go of it: llama.cpp lets the new one
        wait for that. A new call gets the free slot with its system prompt that has rested longest; a request of an
        unknown call (empty) the one that knows most of `messages`, of equals one that has read little else.
        """
        slot = self._choose(messages, call)
        if slot is not None:
            self._users[slot] += 1
            self._used[slot] = next(self._uses)
            self._read[slot] = list(messages)
            self._owner[slot] = call
        return slot

    def give_back(self, slot: int) -> None:
        """Let others have it; what it has read stays."""
        self._users[slot] -= 1

    def _choose(self, messages: Sequence[Message], call: str) -> int | None:
        if call and call in self._owner:
            return self._owner.index(call)
        free = [slot for slot, users in enumerate(self._users) if not users]

        def worth(slot: int) -> tuple[int, bool, int]:
            known = _known(self._read[slot], messages)
            if call:
                known = min(known, 1)  # beyond the system prompt it is another call's, even where both say the same
            characters = sum(len(message.text) for message in messages[:known])
            last_one_differs_at_most = len(self._read[slot]) - known <= 1
            return characters, last_one_differs_at_most, -self._used[slot]

        return max(free, key=worth, default=None)


def _known(read: Sequence[Message], messages: Sequence[Message]) -> int:
    """How many messages at the beginning are the same."""
    pairs = zip(read, messages, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
