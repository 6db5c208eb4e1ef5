"""What of an answer was written so far, and how urgent the rest of it is. Pure."""

from __future__ import annotations

import re

from agent.speech.urgency import Escalation, Urgency, urgency_of

FIRST_WORDS = 8
"""So many words are enough to begin to speak, also without a mark: about two seconds of speech."""
_CLAUSE_END = re.compile(r"[.,;:!?…]\s")


class Written:
    """An answer that may be interrupted between two words and continued from there."""

    def __init__(self) -> None:
        self.text = ""
        self.pieces = 0
        """Tokens, as far as the server sends each by itself."""
        self.complete = False

    def add(self, piece: str) -> None:
        """One more piece of the stream."""
        self.text += piece
        self.pieces += 1

    def may_pause_before(self, piece: str) -> bool:
        """Whether `piece` begins a word, so that the model goes on well from the text before it."""
        return not self.text or piece[:1].isspace()

    def urgency(self, of_first_words: Urgency | Escalation) -> Urgency | Escalation:
        """Of what comes next: the caller listens already to what can be spoken."""
        if _CLAUSE_END.search(self.text) is None and len(self.text.split()) <= FIRST_WORDS:
            return of_first_words
        return max(urgency_of(of_first_words), Urgency.CALLER_LISTENS)
