"""Trunks of the configuration, as the Asterisk of `phone-agent run` gets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from agent import configuration
from agent.asterisk.config import Trunk
from agent.asterisk.layout import trunk_file
from agent.commands.run import providers
from agent.errors import ConfigurationError
from agent.resources import shipped
from agent.settings import OutboundSettings, TrunkSettings

LINE = TrunkSettings(
    endpoint="line", host="sip.example.net", username="+15551230000", password=SecretStr("from-your-provider")
)


def written(trunk: TrunkSettings) -> str:
    [line] = providers(OutboundSettings(trunks={"one": trunk}))
    return trunk_file(shipped("asterisk-config"), line)


def test_one_that_registers() -> None:
    text = written(LINE)
    for line in (
        "contact = sip:sip.example.net:5060", "outbound_auth = line", "username = +15551230000",
        "qualify_frequency = 60", "password = from-your-provider", "match = sip.example.net", "type = registration",
        "client_uri = sip:+15551230000@sip.example.net:5060",
    ):  # fmt: skip
        assert line in text.splitlines()


def test_one_that_knows_us_by_our_address() -> None:
    text = written(LINE.model_copy(update={"username": "", "password": SecretStr(""), "registers": False}))
    assert "auth" not in text
    assert "type = registration" not in text
    assert "match = sip.example.net" in text


def test_an_asterisk_of_the_operator_s_own_has_its_endpoints_itself() -> None:
    assert providers(OutboundSettings(trunks={"one": LINE.model_copy(update={"host": ""})})) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "me;x=y"}, {"username": "me\n[evil]"}, {"password": SecretStr("with space in it")},
        {"username": "", "password": SecretStr("")},
    ],
)  # fmt: skip
def test_what_could_change_the_meaning_of_a_file_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        providers(OutboundSettings(trunks={"one": LINE.model_copy(update=wrong)}))
    assert "with space" not in str(refused.value)


def test_its_password_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-your-provider\n")
    file = tmp_path / "phone-agent.toml"
    file.write_text('[outbound.trunks.one]\nendpoint = "line"\nusername = "me"\npassword_file = "secret"\n')
    trunk = configuration.load(file).outbound.trunks["one"]
    assert trunk.password.get_secret_value() == "from-your-provider"
    file.write_text(file.read_text() + 'password = "another-one"\n')
    with pytest.raises(ConfigurationError, match=r"outbound\.trunks\.one: set password or password_file"):
        configuration.load(file)


def test_a_trunk_s_name_and_user_are_checked() -> None:
    with pytest.raises(ConfigurationError):
        Trunk("line", "sip.example.net", 5060, "", registers=True, outside=True)
