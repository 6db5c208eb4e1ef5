"""Where requests may go, with a name server that lies."""

from __future__ import annotations

import socket
from ipaddress import ip_network

import pytest
from aiohappyeyeballs import AddrInfoType

from agent.errors import WebhookError
from agent.webhooks.client import WebhookClient
from agent.webhooks.connector import Targets
from agent.webhooks.targets import TargetError, TargetPolicy
from tests.integration.webhooks.post_room import LOCAL, PostRoom
from tests.integration.webhooks.receiver import Receiver


class NameServer:
    """Gives one answer after another, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[AddrInfoType]:
        self.asked += 1
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


async def test_a_name_that_changes_its_address_gains_nothing(receiver: Receiver) -> None:
    url = f"http://rebinding.example:{receiver.port}/hooks"
    targets = Targets(TargetPolicy(), NameServer(["93.184.216.34"], ["127.0.0.1"]))
    client = WebhookClient(targets)
    await targets.check(url)
    with pytest.raises(TargetError) as refused:
        async with client.post(url, "{}", {}, timeout_s=5):
            pass
    assert refused.value.code == "webhook_target_loopback"
    assert receiver.received == []
    await client.close()


async def test_the_very_address_is_checked_where_the_socket_is_made(receiver: Receiver) -> None:
    class Trusting(Targets):
        """Hands out any address, as a cache might."""

        async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list:  # type: ignore[type-arg]  # as it comes
            return [
                {"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0},
            ]

    client = WebhookClient(Trusting(TargetPolicy()))
    for host in ("trusting.example", "127.0.0.1", "[::ffff:127.0.0.1]", "[::1]"):
        with pytest.raises(TargetError):
            async with client.post(f"http://{host}:{receiver.port}/", "{}", {}, timeout_s=5):
                pass
    assert receiver.received == []
    await client.close()


async def test_of_several_addresses_the_allowed_ones_are_used(receiver: Receiver) -> None:
    targets = Targets(LOCAL, NameServer(["169.254.169.254", "127.0.0.1", "10.0.0.1"]))
    client = WebhookClient(targets)
    url = f"http://mixed.example:{receiver.port}/hooks"
    async with client.post(url, "{}", {"webhook-id": "1"}, timeout_s=5) as answer:
        assert answer.status == 204
    with pytest.raises(TargetError, match=r"169\.254\.169\.254 is never a target"):
        await targets.check(url)
    await client.close()


async def test_a_name_without_an_address() -> None:
    targets = Targets(TargetPolicy(), NameServer([]))
    with pytest.raises(TargetError) as refused:
        await targets.check("https://nowhere.example/")
    assert refused.value.code == "webhook_target_unresolved"
    client = WebhookClient(targets)
    with pytest.raises(WebhookError) as unreachable:
        async with client.post("https://nowhere.example/", "{}", {}, timeout_s=5):
            pass
    assert unreachable.value.code == "webhook_unreachable"
    await client.close()


async def test_names_of_this_machine_are_looked_up_by_the_system() -> None:
    targets = Targets(TargetPolicy([ip_network("127.0.0.0/8"), ip_network("::1/128")]))
    await targets.check("http://localhost:3000/hooks")
    with pytest.raises(TargetError, match="this machine itself"):
        await Targets(TargetPolicy([ip_network("0.0.0.0/0")])).check("http://localhost/")
    await targets.close()


async def test_a_delivery_to_a_refused_address_is_told_and_tried_again(room: PostRoom) -> None:
    room.lookup = NameServer(["10.1.2.3"])
    endpoint = await room.endpoint("http://inside.example/")
    await room.event()
    room.sender()
    await room.until(endpoint, lambda found: found[0].attempts == 1)
    (delivery,) = await room.deliveries(endpoint)
    assert delivery.status == "pending"
    assert delivery.error == (
        "The address 10.1.2.3 is not public; add its subnet to webhooks.allowed_subnets to allow it."
    )
