"""The connection to Asterisk's events: lost, refused, taken by another program, and back."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from agent.errors import ConfigurationError, TelephonyError
from agent.telephony.ari import AriClient, WrongPasswordError
from agent.telephony.ari_events import AriEvents, LinkState
from agent.telephony.backoff import Backoff
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_asterisk import FakeAsterisk
from tests.unit.telephony.fake_media import FakeMediaServer


class Listener:
    def __init__(self, asterisk: FakeAsterisk) -> None:
        self.heard: list[str] = []
        self.states: list[LinkState] = []
        self.poisoned = False
        self.events = AriEvents(
            cast("AriClient", asterisk), on_event=self._event, on_link=self._link, backoff=Backoff(0.1, 1)
        )

    def problem(self) -> str | None:
        return self.events.problem

    def _event(self, event: dict[str, Any]) -> None:
        self.heard.append(event["type"])
        if event["type"] == "Poison":
            raise ValueError("a fault of ours")

    def _link(self, state: LinkState) -> None:
        self.states.append(state)
        if self.poisoned:
            raise ValueError("a fault of ours")


def a_listener() -> tuple[FakeAsterisk, Listener]:
    asterisk = FakeAsterisk(FakeMediaServer())
    return asterisk, Listener(asterisk)


def test_absent_then_there_is_said_once_each_however_long_it_takes() -> None:
    async def main() -> None:
        asterisk, listener = a_listener()
        asterisk.alive = False
        with capture_logs() as logs:
            await listener.events.start()
            assert listener.states == [LinkState.LOST]
            assert listener.problem() == "Asterisk does not answer"
            await asyncio.sleep(3600)
            assert asterisk.requests.count("open_events") > 3600
            asterisk.starts()
            await asyncio.sleep(2)
        assert listener.events.connected
        assert listener.problem() is None
        await listener.events.close()
        said = [entry["event"] for entry in logs if entry["log_level"] != "debug"]
        assert said == ["telephony.ari_lost", "telephony.ari_connected"]
        assert listener.states == [LinkState.LOST, LinkState.CONNECTED, LinkState.CLOSED]

    run(main())


def test_waits_grow_and_stay_bounded() -> None:
    backoff = Backoff(0.2, 5)
    for failures in (*range(1, 8), 10**6):
        full = min(5, 0.2 * 2 ** min(failures - 1, 40))
        assert full / 2 <= backoff.wait_s(failures) <= full


def test_wrong_password_at_the_start_is_an_error_of_the_configuration() -> None:
    async def main() -> None:
        asterisk, listener = a_listener()
        asterisk.failing["open_events"] = WrongPasswordError("refused: correct it")
        with pytest.raises(ConfigurationError, match="refused: correct it"):
            await listener.events.start()
        await listener.events.close()

    run(main())


def test_wrong_password_later_is_said_as_an_error_and_tried_on() -> None:
    async def main() -> None:
        asterisk, listener = a_listener()
        with capture_logs() as logs:
            await listener.events.start()
            asterisk.failing["open_events"] = WrongPasswordError("refused: correct it")
            asterisk.websocket_breaks()
            await asyncio.sleep(600)
            assert listener.problem() == "refused: correct it"
            asterisk.failing.clear()
            await asyncio.sleep(2)
            assert listener.events.connected
        await listener.events.close()
        assert [entry["log_level"] for entry in logs if entry["event"] == "telephony.ari_lost"] == ["warning", "error"]

    run(main())


def test_another_program_takes_our_place_and_is_not_fought() -> None:
    async def main() -> None:
        asterisk, listener = a_listener()
        with capture_logs() as logs:
            await listener.events.start()
            asterisk.another_program_takes_over()
            await asyncio.sleep(600)
            assert listener.events.state is LinkState.REPLACED
            assert "'phone-agent'" in (listener.problem() or "")
            assert asterisk.opened == 1
            asterisk.another_program_leaves()
            await asyncio.sleep(10)
            assert listener.events.connected
            assert asterisk.opened == 2
        await listener.events.close()
        assert next(entry["event"] for entry in logs if entry["log_level"] == "error") == "telephony.ari_replaced"

    run(main())


def test_replaced_and_then_asterisk_goes() -> None:
    async def main() -> None:
        asterisk, listener = a_listener()
        await listener.events.start()
        asterisk.another_program_takes_over()
        await asyncio.sleep(60)
        asterisk.dies()
        await asyncio.sleep(60)
        assert listener.events.state is LinkState.LOST
        asterisk.another_program_leaves()
        asterisk.starts()
        await asyncio.sleep(10)
        assert listener.events.connected
        await listener.events.close()

    run(main())


def test_a_callback_that_fails_harms_nobody() -> None:
    async def main() -> None:
        asterisk, listener = a_listener()
        listener.poisoned = True
        await listener.events.start()
        for kind in ("One", "Poison", "Two"):
            asterisk.say({"type": kind})
        await asyncio.sleep(1)
        asterisk.websocket_breaks()
        await asyncio.sleep(5)
        asterisk.say({"type": "Three"})
        await asyncio.sleep(1)
        assert listener.heard == ["One", "Poison", "Two", "Three"]
        await listener.events.close()

    run(main())


def test_closing_while_asterisk_is_away() -> None:
    async def main() -> None:
        asterisk, listener = a_listener()
        asterisk.failing["open_events"] = TelephonyError("not yet", code="ari_not_found")
        await listener.events.start()
        await asyncio.sleep(5)
        await listener.events.close()
        await listener.events.close()
        assert listener.events.state is LinkState.CLOSED

    run(main())
