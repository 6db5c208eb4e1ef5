"""Asks the caller before something is changed for them, and has it done after a clear yes alone."""

from __future__ import annotations

from agent.dialog.guide import Mouthpiece, Reply
from agent.dialog.history import History, Role
from agent.dialog.keys import as_message
from agent.dialog.toolbox import Order, Toolbox
from agent.dialog.yes_no import BEGINNING, YesNo, yes_or_no
from agent.domain.agent import Agent
from agent.domain.call import EndedReason

_KEYS = {as_message("1"): YesNo.YES, as_message("2"): YesNo.NO}


class Confirmations:
    """A Guide: what the caller says right after the question of a tool decides; anything unclear lets it be."""

    def __init__(self, agent: Agent, toolbox: Toolbox, history: History) -> None:
        self._toolbox = toolbox
        self._history = history
        self._language = agent.language
        self._not_done = agent.phrases.not_done

    async def consider(self, text: str) -> Reply | None:
        """See Guide."""
        order = self._toolbox.asked
        if order is None or not text or not self._heard_last(order.tool.question(order.arguments)):
            return None
        match _KEYS.get(text) or self._meant(text):
            case YesNo.YES:
                return Reply(lambda turn: self._do(turn, order))
            case YesNo.NO:
                return Reply(self._leave)
            case YesNo.UNCLEAR:
                return Reply(lambda turn: self._go_on(turn, text))

    def _meant(self, text: str) -> YesNo:
        """A yes must stand at the beginning, and nothing after it speak against it."""
        meant, begun = (yes_or_no(part, self._language) for part in (text, " ".join(text.split()[:BEGINNING])))
        return YesNo.UNCLEAR if YesNo.UNCLEAR in {meant, begun} and meant is YesNo.YES else meant

    def _heard_last(self, question: str) -> bool:
        """Whether nothing was said since: a yes to "Are you still there?" agrees to nothing else."""
        last = self._history.messages()[-1]
        return last.role is Role.AGENT and last.text.endswith(question)

    async def _do(self, turn: Mouthpiece, order: Order) -> EndedReason | None:
        self._toolbox.asked = None
        await turn.do(order)
        return None

    async def _leave(self, turn: Mouthpiece) -> EndedReason | None:
        self._toolbox.asked = None
        await turn.say(self._not_done)
        return None

    async def _go_on(self, turn: Mouthpiece, text: str) -> EndedReason | None:
        self._toolbox.asked = None
        await turn.give_answer(text)
        return None
