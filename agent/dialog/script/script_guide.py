"""A Guide that leads a call by its script."""

from __future__ import annotations

from collections.abc import Callable

from agent.dialog.guide import Mouthpiece, Reply
from agent.dialog.script.script_talk import ScriptTalk
from agent.dialog.script.talk_state import LineKind, Move
from agent.domain.call import EndedReason
from agent.domain.script import Exit
from agent.domain.script_progress import ScriptProgress

HandOver = Callable[[str, str], bool]
"""Have the callee handed over to the destination of that name once the turn is over, with these words, or with the
destination's own where they are empty; False: that cannot be done."""
BEGUN = 12
"""Characters of a line that were heard: it was begun."""
AHEAD = 2
"""Lines whose sound is made before the turn is the agent's: thanks, and the question."""


class ScriptGuide:
    """Belongs to one call."""

    def __init__(
        self,
        talk: ScriptTalk,
        *,
        farewell: str,
        progressed: Callable[[ScriptProgress], None],
        hand_over: HandOver | None = None,
    ) -> None:
        """`farewell` is said where an exit has none. `progressed` is told with each turn how far the call is.

        Without `hand_over` nobody can take over.
        """
        self._talk = talk
        self._farewell = farewell
        self._progressed = progressed
        self._hand_over = hand_over
        self._handing_over = False

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
        if self._handing_over:
            return Reply(_say_nothing, aside=True)
        move = await self._talk.consider(text)
        ahead = tuple(line.text for line in move.lines[:AHEAD])
        return Reply(lambda turn: self._say(turn, move), taken=lambda: self._take(move), ahead=ahead)

    async def ask_whether_there(self, turn: Mouthpiece) -> EndedReason | None:
        """The callee says nothing: ask once more."""
        return await self._now(turn, self._talk.silence())

    def nobody_there(self) -> None:
        """The callee has said nothing for too long."""
        self._talk.commit(self._talk.nobody_there())
        self._progressed(self._talk.progress())

    def handed_over(self) -> None:
        """The callee is with somebody else."""
        self._handing_over = False

    async def nobody_took_over(self, turn: Mouthpiece) -> EndedReason | None:
        """The callee is back: they are told so, and let go."""
        self._handing_over = False
        return await self._now(turn, self._talk.nobody_takes_over())

    def call_over(self) -> None:
        """Somebody hung up: a hand-over that was under way did not come about, and nothing else did either."""
        if self._handing_over:
            self._handing_over = False
            self._talk.stays()
            self._progressed(self._talk.progress())

    async def _now(self, turn: Mouthpiece, move: Move) -> EndedReason | None:
        self._take(move)
        return await self._say(turn, move)

    def _take(self, move: Move) -> None:
        self._talk.commit(move)
        self._progressed(self._talk.progress())

    async def _say(self, turn: Mouthpiece, move: Move) -> EndedReason | None:
        body = [line for line in move.lines if line.kind is not LineKind.FAREWELL]
        protected = max((at for at, line in enumerate(body, 1) if line.kind is LineKind.DISCLOSURE), default=0)
        said_all = False
        try:
            ended = await turn.say_all([line.text for line in body], protected=protected)
            said_all = True
        finally:
            for line in body:
                if said_all or line.text[:BEGUN] in turn.text:
                    self._talk.said(line)
        if ended is not None or move.ends is None:
            return ended
        farewell = " ".join(line.text for line in move.lines if line.kind is LineKind.FAREWELL)
        return await self._leave(turn, move.ends, farewell)

    async def _leave(self, turn: Mouthpiece, way: Exit, farewell: str) -> EndedReason | None:
        """A hand-over follows this turn, and its announcement is the farewell."""
        if not way.hand_over_to:
            own = "" if way.say else self._farewell
            return await turn.say_and_end(f"{farewell} {own}".strip(), EndedReason.AGENT_HANGUP)
        self._handing_over = self._hand_over is not None and self._hand_over(way.hand_over_to, farewell)
        return None if self._handing_over else await self.nobody_took_over(turn)


async def _say_nothing(turn: Mouthpiece) -> EndedReason | None:
    """The turn ends at once."""
    del turn
    return None
