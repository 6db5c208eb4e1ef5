from __future__ import annotations

import contextlib
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.webhooks.targets import TargetError, TargetPolicy, embedded

STRICT = TargetPolicy()
ON_PREMISES = TargetPolicy([ip_network("10.0.0.0/8"), ip_network("fc00::/7"), ip_network("100.64.0.0/10")])
EVERYTHING = TargetPolicy([ip_network("0.0.0.0/0"), ip_network("::/0")])
SELF = TargetPolicy([ip_network("127.0.0.1/32"), ip_network("::1/128")])


def refusal(policy: TargetPolicy, address: str) -> str | None:
    try:
        policy.check_address(address)
    except TargetError as error:
        return error.code
    return None


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "2002:101:101::"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert refusal(STRICT, address) is None


@pytest.mark.parametrize(
    ("address", "configured"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("64:ff9b::10.1.2.3", True),
        ("2002:a01:203::", True),
        ("fd12::1", True),
        ("100.100.0.1", True),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("198.18.0.1", False),
        ("192.0.2.1", False),
        ("240.0.0.1", False),
        ("2001:db8::1", False),
        ("fec0::1", False),
        ("4000::1", False),
    ],
)
def test_what_is_not_public_is_allowed_by_configuration_only(address: str, configured: bool) -> None:
    assert refusal(STRICT, address) == "webhook_target_private"
    assert refusal(ON_PREMISES, address) == (None if configured else "webhook_target_private")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "::7f00:1"])
def test_this_machine_is_allowed_only_by_its_own_name(address: str) -> None:
    assert refusal(STRICT, address) == "webhook_target_loopback"
    assert refusal(EVERYTHING, address) == "webhook_target_loopback"
    assert refusal(SELF, address) is None
    assert refusal(SELF, "127.0.0.2") == "webhook_target_loopback"


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "fd00:ec2::254%eth0",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",  # noqa: S104  # an address to refuse
        "0.1.2.3",
        "::",
        "255.255.255.255",
        "224.0.0.1",
        "ff02::1",
    ],
)
def test_some_are_never_allowed(address: str) -> None:
    assert refusal(EVERYTHING, address) == "webhook_target_forbidden"


@given(st.ip_addresses(v=4))
def test_an_address_is_the_same_in_every_disguise(address: IPv4Address) -> None:
    low = int(address)
    disguises = [
        IPv6Address(0xFFFF << 32 | low),
        IPv6Address(0x64FF9B << 96 | low),
        IPv6Address(0x2002 << 112 | low << 80),
    ]
    assert {embedded(disguise) for disguise in disguises} == {address}
    assert {refusal(STRICT, str(disguise)) for disguise in disguises} == {refusal(STRICT, str(address))}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://user:pass@example.com/", "webhook_target_credentials"),
        ("https://user@example.com/", "webhook_target_credentials"),
        ("ftp://example.com/", "webhook_target_scheme"),
        ("file:///etc/passwd", "webhook_target_scheme"),
        ("//example.com/", "webhook_target_scheme"),
        ("", "webhook_target_scheme"),
        ("https://", "webhook_target_url"),
        ("https:///path", "webhook_target_url"),
        ("https://example.com:99999/", "webhook_target_url"),
        ("https://example.com:0/", "webhook_target_url"),
        ("https://[::1/", "webhook_target_url"),
        ("https://example.com/ a", "webhook_target_url"),
        ("https://example.com/\r\nX: y", "webhook_target_url"),
        ("https://example.com\\@evil.example/", "webhook_target_url"),
        ("https://example.com/\u202e", "webhook_target_url"),
        ("https://example.com/" + "a" * 2048, "webhook_target_url"),
    ],
)
def test_urls_that_are_refused(url: str, code: str) -> None:
    with pytest.raises(TargetError) as refused:
        STRICT.check_url(url)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "url", ["https://example.com", "http://example.com:3000/hooks?token=1", "https://bücher.example/", "http://[::1]/"]
)
def test_urls_that_may_be(url: str) -> None:
    assert STRICT.check_url(url).host


@given(st.text(max_size=60) | st.text(max_size=40).map("https://".__add__))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    with contextlib.suppress(TargetError):
        assert STRICT.check_url(text).scheme in {"http", "https"}
