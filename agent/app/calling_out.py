"""Calling out, as a part of the running server: from the queue to the switchboard."""

from __future__ import annotations

from contextlib import AsyncExitStack

from agent.domain.agent import AgentRef
from agent.outbound.dispatcher import Dispatcher
from agent.outbound.order_desk import OrderDesk
from agent.outbound.trunks import Trunks
from agent.settings import OutboundSettings
from agent.store.record import Record
from agent.telephony.places import Places
from agent.telephony.switchboard import Switchboard


def call_out(
    settings: OutboundSettings,
    record: Record,
    desk: OrderDesk,
    switchboard: Switchboard,
    places: Places,
    trunks: Trunks,
    stack: AsyncExitStack,
) -> Dispatcher:
    """Dials what waits, once it is started, as long as the server takes calls and Asterisk is there.

    To be called before the end of calls is put on `stack`: they end first, and what was not dialled goes back.
    """

    async def knows(agent: AgentRef) -> bool:
        return await record.registry.known(agent.name, agent.version) is not None

    dispatcher = Dispatcher(
        record.store,
        settings,
        desk,
        switchboard,
        server=record.server,
        trunks=trunks,
        seats=places,
        ready=lambda: switchboard.drain.state is None and switchboard.events.connected,
        told=record.tell,
        knows=knows,
    )
    stack.push_async_callback(dispatcher.close)
    return dispatcher
