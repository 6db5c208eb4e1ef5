"""Keys of the caller's telephone: single presses become entries. Pure; time is an argument, in seconds."""

from __future__ import annotations

from agent.domain.agent import Keys


class KeyPad:
    """Collects the digits of one call into entries.

    An entry ends by its terminator, by `timeout_s` after its last key, or by its length. The terminator is no part of
    it, except where it was the only key: a caller who presses just "#" means something by it. Times must not decrease.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._digits = ""
        self._pressed_at = 0.0

    def press(self, key: str, at: float) -> list[str]:
        """Take one key (0-9, A-D, *, #); the entries that are complete with it.

        Usually none or one; two where nobody looked while an earlier entry's time ran out.
        """
        entries = self.poll(at)
        self._pressed_at = at
        if key != self._keys.terminator:
            self._digits += key
        elif not self._digits:
            return [*entries, key]
        if key == self._keys.terminator or len(self._digits) >= self._keys.max_digits:
            entries.append(self._take())
        return entries

    def due_at(self) -> float | None:
        """When `poll` has an entry, unless a key comes before; None while nothing was keyed."""
        return self._pressed_at + self._keys.timeout_s if self._digits else None

    def poll(self, at: float) -> list[str]:
        """The entry whose time has run out, if there is one."""
        due = self.due_at()
        return [] if due is None or at < due else [self._take()]

    def _take(self) -> str:
        digits, self._digits = self._digits, ""
        return digits


def as_message(digits: str) -> str:
    """What the language model reads of an entry. Spaced, since models read longer numbers digit by digit badly."""
    return f"(The caller keyed {' '.join(digits)} on the telephone.)"
