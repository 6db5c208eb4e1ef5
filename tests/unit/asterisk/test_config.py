from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.asterisk.config import AsteriskConfig, Trunk
from agent.errors import ConfigurationError

EVIL = ["line\nbreak", "a]b", "[a", "a;b", "a b", "", "ä", "a\x00b", "x" * 200]


def config(**changes: Any) -> AsteriskConfig:
    return AsteriskConfig(**changes)


@pytest.mark.parametrize("field", ["ari_password", "ami_password", "phone_password"])
@pytest.mark.parametrize("value", [f"long-enough{evil}" for evil in EVIL if evil] + ["", "short"])
def test_a_password_that_could_change_a_file_is_refused_and_not_shown(field: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{field} may hold only") as caught:
        config(**{field: value})
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize("field", ["app", "ari_user", "ami_user", "phone_user"])
@pytest.mark.parametrize("value", EVIL)
def test_a_name_that_could_change_a_file_is_refused(field: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{field} = "):
        config(**{field: value})


@pytest.mark.parametrize("host", ["a b", "host;", "host\nx", "[::1]", ""])
def test_a_trunk_s_host_is_a_host(host: str) -> None:
    with pytest.raises(ConfigurationError, match="no host name"):
        Trunk("line", host, 5060, "user")


@pytest.mark.parametrize("seconds", [-1, 3601])
def test_a_trunk_is_asked_at_most_every_second_and_at_least_every_hour(seconds: int) -> None:
    with pytest.raises(ConfigurationError, match="qualify_s"):
        Trunk("line", "127.0.0.1", 5060, "user", qualify_s=seconds)


def test_passwords_are_new_each_time_long_and_never_shown() -> None:
    first, second = AsteriskConfig(), AsteriskConfig()
    passwords = {
        p for config in (first, second) for p in (config.ari_password, config.ami_password, config.phone_password)
    }
    assert len(passwords) == 6
    assert min(map(len, passwords)) == 48
    assert not any(password in repr(first) for password in passwords)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1"])  # noqa: S104 -- nothing is bound
def test_callers_without_password_are_only_for_loopback(address: str) -> None:
    with pytest.raises(ConfigurationError, match="insecure_callers needs sip_bind on loopback"):
        AsteriskConfig(sip_bind=address, insecure_callers=True)
    assert AsteriskConfig(sip_bind=address).sip_bind == address


@pytest.mark.parametrize("address", ["localhost", "::1", "127.0.0.1\n", ""])
def test_sip_is_bound_to_an_address(address: str) -> None:
    with pytest.raises(ConfigurationError, match="is no IPv4 address"):
        AsteriskConfig(sip_bind=address)


@pytest.mark.parametrize("change", [{"sip_port": -1}, {"ari_port": 65536}, {"rtp_start": 80}, {"rtp_end": 9999}])
def test_ports_are_ports(change: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="is no"):
        config(**change)


def test_names_of_sections_do_not_clash() -> None:
    line = Trunk("line", "127.0.0.1", 5060, "user")
    assert AsteriskConfig(trunks=(line, replace(line, name="other"))).trunks[0] == line
    for clash in ({"trunks": (line, line)}, {"trunks": (replace(line, name="phone"),)}, {"phone_user": "caller"}):
        with pytest.raises(ConfigurationError, match="must differ"):
            config(**clash)
