from __future__ import annotations

import asyncio
from typing import cast

import pytest

from agent.telephony.ari import AriClient, GoneError
from agent.telephony.keys import press_keys
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_asterisk import FakeAsterisk
from tests.unit.telephony.fake_channel import FakeChannel
from tests.unit.telephony.fake_media import FakeMediaServer


def telephone() -> tuple[AriClient, FakeChannel, FakeAsterisk]:
    asterisk = FakeAsterisk(FakeMediaServer())
    channel = asterisk.channels_by_id["1.1"] = FakeChannel("1.1", "1000", state="Up")
    return cast("AriClient", asterisk), channel, asterisk


def test_returns_when_the_last_key_was_let_go() -> None:
    async def main() -> float:
        ari, channel, _ = telephone()
        await press_keys(ari, "1.1", "0123456789*#ABCD")
        assert channel.keyed == "0123456789*#ABCD"
        return asyncio.get_running_loop().time()

    assert run(main()) >= 16 * 0.2


@pytest.mark.parametrize("keys", ["", "1" * 65, "12w4", "1 2", "12&", "a", "١", "1\n"])
def test_nothing_but_keys_and_not_too_many(keys: str) -> None:
    async def main() -> None:
        ari, _, asterisk = telephone()
        with pytest.raises(ValueError, match="0-9"):
            await press_keys(ari, "1.1", keys)
        assert asterisk.requests == []

    run(main())


def test_a_caller_who_leaves_is_pressed_no_further() -> None:
    async def main() -> None:
        ari, channel, asterisk = telephone()
        asyncio.get_running_loop().call_later(1, asterisk.channels_by_id.clear)
        with pytest.raises(GoneError):
            await press_keys(ari, "1.1", "1" * 64)
        assert len(channel.keyed) <= 16

    run(main())
