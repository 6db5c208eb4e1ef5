"""Everything that is done about calls when they are over, wired together."""

from __future__ import annotations

from agent.aftercall.clerk import Clerk
from agent.aftercall.summarizer import Summarizer
from agent.dialog.lulls import Lulls
from agent.dialog.mind_background import BackgroundChat
from agent.settings import LlmSettings
from agent.store.record import Record
from agent.workers.fleet import Fleet


class AfterCalls:
    """Of a running server. Belongs to one event loop."""

    def __init__(self, record: Record, fleet: Fleet, lulls: Lulls, settings: LlmSettings) -> None:
        """`lulls`: those of the calls. A server of others is not kept from calls by this work, and is asked at once."""
        self._model = BackgroundChat(
            base_url=fleet.llm_base_url,
            api_key=fleet.llm_api_key,
            model=fleet.llm_model,
            lulls=lulls if fleet.mind_is_ours else Lulls(),
            slot=fleet.background_slot,
        )
        summarizer = Summarizer(self._model, context_tokens=settings.context_tokens)
        self._clerk = Clerk(record.store, summarizer, server=record.server, told=record.tell)
        record.when_told(self._clerk.recorded)

    def start(self) -> None:
        """Begin with what is pending."""
        self._clerk.start()

    def wake(self) -> None:
        """Something is to be done again."""
        self._clerk.wake()

    async def close(self) -> None:
        """Stop; what is under way is done after the next start."""
        await self._clerk.close()
        await self._model.close()
