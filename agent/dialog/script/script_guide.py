"""A Guide that leads a call by its script."""

from __future__ import annotations

from collections.abc import Callable

from agent.dialog.guide import Mouthpiece, Reply
from agent.dialog.script.script_talk import ScriptTalk
from agent.dialog.script.talk_state import LineKind, Move
from agent.domain.call import EndedReason
from agent.domain.script_progress import ScriptProgress

HandOver = Callable[[str], bool]
"""Have the callee handed over to the destination of that name once the turn is over; False: that cannot be done."""
BEGUN = 12
"""Characters of a line that were heard: it was begun."""


class ScriptGuide:
    """Belongs to one call."""

    def __init__(
        self,
        talk: ScriptTalk,
        *,
        farewell: str,
        sorry: str,
        progressed: Callable[[ScriptProgress], None],
        hand_over: HandOver | None = None,
    ) -> None:
        """`farewell` is said where an exit has none, and `sorry` where nobody can take over. `progressed` is told with
        each turn how far the call is.
        Without `hand_over` nobody can take over.
        """
        self._talk = talk
        self._farewell = farewell
        self._sorry = sorry
        self._progressed = progressed
        self._hand_over = hand_over

    @property
    def leads(self) -> bool:
        """Whether the script has begun."""
        return self._talk.begun

    @property
    def expected_words(self) -> tuple[str, ...]:
        """Words that the answer to the open question may hold, for the recogniser."""
        return self._talk.expected_words

    async def greet(self, turn: Mouthpiece) -> EndedReason | None:
        """The first words of the call; see Opening."""
        return await self._now(turn, self._talk.begin())

    async def consider(self, text: str) -> Reply | None:
        """See Guide."""
        if not self._talk.begun:
            return None
        move = await self._talk.consider(text)
        first = next((line.text for line in move.lines), "")
        return Reply(lambda turn: self._say(turn, move), taken=lambda: self._take(move), ahead=first)

    async def ask_whether_there(self, turn: Mouthpiece) -> EndedReason | None:
        """The callee says nothing: ask once more."""
        return await self._now(turn, self._talk.silence())

    def nobody_there(self) -> None:
        """The callee has said nothing for too long."""
        self._talk.commit(self._talk.nobody_there())
        self._progressed(self._talk.progress())

    async def _now(self, turn: Mouthpiece, move: Move) -> EndedReason | None:
        self._take(move)
        return await self._say(turn, move)

    def _take(self, move: Move) -> None:
        self._talk.commit(move)
        self._progressed(self._talk.progress())

    async def _say(self, turn: Mouthpiece, move: Move) -> EndedReason | None:
        body = [line for line in move.lines if line.kind is not LineKind.FAREWELL]
        disclosures = [at for at, line in enumerate(body) if line.kind is LineKind.DISCLOSURE]
        said_all = False
        try:
            ended = await turn.say_all(
                [line.text for line in body], protected=disclosures[-1] + 1 if disclosures else 0
            )
            said_all = True
        finally:
            for line in body:
                if said_all or line.text[:BEGUN] in turn.text:
                    self._talk.said(line)
        if ended is not None or move.ends is None:
            return ended
        farewell = " ".join(line.text for line in move.lines if line.kind is LineKind.FAREWELL)
        if move.ends.hand_over_to:
            return await self._leave_to(turn, move.ends.hand_over_to, farewell)
        return await turn.say_and_end(farewell or self._farewell, EndedReason.AGENT_HANGUP)

    async def _leave_to(self, turn: Mouthpiece, destination: str, announcement: str) -> EndedReason | None:
        """The hand-over follows this turn; a callee who comes back from it is let go, see ScriptTalk."""
        if announcement:
            ended = await turn.say_all([announcement])
            if ended is not None:
                return ended
        if self._hand_over is not None and self._hand_over(destination):
            return None
        self._talk.commit(self._talk.nobody_takes_over())
        self._progressed(self._talk.progress())
        return await turn.say_and_end(self._sorry, EndedReason.AGENT_HANGUP)
