"""An agent on a real line that hands callers over, and the people to whom it hands them: softphones behind a trunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.asterisk.config import AsteriskConfig, Trunk
from agent.asterisk.instance import AsteriskInstance
from agent.dialog.conversation import Conversation
from agent.dialog.parts import Parts
from agent.dialog.phrases import PhraseBook
from agent.domain.agent import Agent, Phrases
from agent.domain.call import Call, EndedReason
from agent.domain.call_control import CallControl
from agent.domain.events import TransferChanged, TurnEnded
from agent.domain.transfer import Transfer, TransferDestination, TransferFailure, TransferKind, TransferStatus
from agent.domain.turns import Speaker
from agent.media.stream import MediaStream
from agent.settings import OutboundSettings
from agent.settings.outbound import TrunkSettings
from agent.telephony.inputs import ChannelInputs
from agent.telephony.live_calls import LiveCalls
from agent.testing.callees import Callee
from agent.testing.fakes import FakeEars, FakeMind, FakeMouth
from agent.testing.softphone import PhoneCall
from agent.testing.trunk_peer import TrunkPeer
from tests.integration.telephony.exchange import Exchange, open_exchange

CONTROL = CallControl(
    connecting="Go.",
    not_connected="Back.",
    thanks_for_holding="Thanks.",
    please_hold="Hold.",
    briefing="For you: {{summary}}",
    accept_question="Yes?",
    accepted="On.",
    declined="Bye.",
)
"""Short: what is said lasts as long as it does on a real line."""


class Detector:
    """Takes for speech what is about as loud as speech."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, frame: bytes) -> list[float]:
        self._pending += frame
        windows = []
        while len(self._pending) >= 512:
            loud = max(
                abs(int.from_bytes(self._pending[at : at + 2], "little", signed=True)) for at in range(0, 512, 2)
            )
            windows.append(0.95 if loud > 1000 else 0.01)
            del self._pending[:512]
        return windows


@dataclass
class Room:
    """On the trunk; none while there is a `failure`."""

    failure: TransferFailure | None = None
    taken: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def out(self, trunk: str) -> AsyncIterator[TransferFailure | None]:
        if self.failure is not None:
            yield self.failure
            return
        self.taken.append(trunk)
        try:
            yield None
        finally:
            self.taken.remove(trunk)


@dataclass
class Desk:
    """Numbers of destinations are those of `callees`, names the same with `d` before it."""

    exchange: Exchange
    peer: TrunkPeer
    mind: FakeMind
    ears: FakeEars
    room: Room
    mouth: FakeMouth = field(default_factory=lambda: FakeMouth(delay_s=0))
    destinations: list[TransferDestination] = field(default_factory=list)

    @property
    def live(self) -> LiveCalls:
        return LiveCalls(self.exchange.switchboard.session, lambda: len(self.exchange.switchboard.calls))

    @property
    def transfers(self) -> list[Transfer]:
        return [event.transfer for event in self.exchange.events if isinstance(event, TransferChanged)]

    @property
    def call_id(self) -> str:
        """Of the one call that is under way."""
        (call,) = self.exchange.switchboard.calls
        return call.id

    def transfer(self, name: str, kind: TransferKind | None = None) -> Transfer:
        """By the API, of the one call that is under way."""
        destination = next(known for known in self.destinations if known.name == name)
        return self.live.transfer(self.call_id, destination, kind=kind, briefing="a test")

    async def caller(self) -> PhoneCall:
        """Who has heard the greeting."""
        phone = await self.exchange.talking()
        call_id = self.call_id
        await self.exchange.watch.until(lambda: "Hi." in self.said(call_id))
        return phone

    def said(self, call_id: str, by: Speaker = Speaker.AGENT) -> list[str]:
        turns = [
            event.turn for event in self.exchange.events if isinstance(event, TurnEnded) and event.call_id == call_id
        ]
        return [turn.text for turn in turns if turn.speaker is by]

    async def outcome(self, count: int = 1) -> Transfer:
        """Of the `count`-th transfer that ended."""

        def ended() -> list[Transfer]:
            return [transfer for transfer in self.transfers if transfer.status is not TransferStatus.STARTED]

        await self.exchange.watch.until(lambda: len(ended()) >= count)
        return ended()[count - 1]

    async def until(self, event: asyncio.Event, count: int = 1) -> None:
        """Wait for what happens on the way of the `count`-th transfer; one that ends before fails the test."""
        waiting, ending = asyncio.create_task(event.wait()), asyncio.create_task(self.outcome(count))
        try:
            await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
            assert waiting.done(), f"it ended before: {ending.result()}"
        finally:
            waiting.cancel()
            ending.cancel()

    async def talk(self, call: Call, stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        agent = Agent(
            name="desk",
            greeting="Hi.",
            instructions="Be brief.",
            phrases=Phrases(farewell="End.", time_is_up="Late."),
            call_control=CONTROL.model_copy(update={"destinations": tuple(self.destinations)}),
        )
        book = PhraseBook(self.mouth)
        await book.prepare([agent])
        parts = Parts(self.exchange.settings, self.ears, self.mind, book, Detector, self.exchange.happened)
        conversation = Conversation(
            parts,
            agent,
            call,
            stream,
            keys=inputs.digits,
            commands=inputs.commands,
            closing=inputs.closing,
            press=inputs.press,
            switching=inputs.control,
        )
        return await conversation.run()

    async def check_nothing_left(self) -> None:
        """Neither with us nor in Asterisk, every telephone is on the hook, and the trunk is free."""
        for incoming in self.peer.calls:
            await incoming.over()
        await self.exchange.check_nothing_left()
        assert self.room.taken == []


@asynccontextmanager
async def operator_desk(
    prefix: Any, folder: Path, callees: Mapping[str, Callee], *, ears: FakeEars | None = None, **destination: Any
) -> AsyncIterator[Desk]:
    """`destination`: what all destinations have in common."""
    async with AsyncExitStack() as stack:
        (folder / "callees").mkdir()
        peer = await stack.enter_async_context(TrunkPeer(lambda number: callees[number], folder / "callees"))
        host, port = peer.address
        config = AsteriskConfig(insecure_callers=True, trunks=(Trunk("pbx", host, port, "me", registers=False),))
        asterisk = AsteriskInstance(prefix, config, folder / "asterisk")
        await asterisk.start()
        stack.push_async_callback(asterisk.stop)
        room = Room()
        outbound = OutboundSettings(trunks={"office": TrunkSettings(endpoint="pbx")})
        exchange = await stack.enter_async_context(
            open_exchange(asterisk.config, folder, outbound=outbound, lines=room)
        )
        desk = Desk(exchange, peer, FakeMind(["Yes."]), ears or FakeEars(["Hello."]), room)
        desk.destinations = [
            TransferDestination(name=f"d{number}", description="x", extension=number, trunk="office", **destination)
            for number in callees
        ]
        exchange.handler = desk.talk
        await exchange.connected()
        yield desk
