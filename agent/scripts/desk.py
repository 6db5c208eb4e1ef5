"""Everything that writes call scripts in a running server, wired together."""

from __future__ import annotations

from agent.dialog.lulls import Lulls
from agent.dialog.mind_background import BackgroundChat
from agent.scripts.author import Author
from agent.scripts.writer import Writer
from agent.store.record import Record
from agent.workers.fleet import Fleet


class ScriptDesk:
    """Belongs to one event loop."""

    def __init__(self, record: Record, fleet: Fleet, lulls: Lulls) -> None:
        """`lulls`: those of the calls. A server of others is not kept from calls by this work, and is asked at once."""
        self._model = BackgroundChat(
            base_url=fleet.llm_base_url,
            api_key=fleet.llm_api_key,
            model=fleet.llm_model,
            lulls=lulls if fleet.mind_is_ours else Lulls(),
            slot=fleet.background_slot,
        )
        self._author = Author(record.store, Writer(self._model), server=record.server, told=record.tell)

    def start(self) -> None:
        """Begin with what waits."""
        self._author.start()

    def wake(self) -> None:
        """A script was ordered."""
        self._author.wake()

    async def close(self) -> None:
        """Stop; what is under way is begun anew after the next start."""
        await self._author.close()
        await self._model.close()
