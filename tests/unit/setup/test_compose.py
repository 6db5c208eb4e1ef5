"""docker-compose.yml keeps private what is private, runs nothing as root, and uses keys that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent import configuration

TOP = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_as_little_as_possible(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert int(service["user"].split(":")[0]) > 1000


@pytest.mark.parametrize(("name", "dockerfile"), [("asterisk", "asterisk-config"), ("agent", "agent")])
def test_image_and_service_have_the_same_user(name: str, dockerfile: str) -> None:
    user = re.findall(r"^USER (\S+)$", (TOP / dockerfile / "Dockerfile").read_text(), re.M)
    assert user == [SERVICES[name]["user"]]


def test_sip_and_sound_alone_are_published_to_the_network() -> None:
    published = {
        name: [port.rpartition("}:")[2] for port in service.get("ports", [])] for name, service in SERVICES.items()
    }
    assert published == {
        "asterisk": ["5060:5060/udp", "5060:5060/tcp", "10000-10099:10000-10099/udp"],
        "models": [],
        "agent": ["127.0.0.1:8080:8080"],
    }


def test_the_published_sound_ports_are_those_of_asterisk() -> None:
    environment = SERVICES["asterisk"]["environment"]
    assert f"{environment['RTP_START']}-{environment['RTP_END']}" in SERVICES["asterisk"]["ports"][2]


def test_asterisk_and_agent_meet_on_a_network_without_a_way_out() -> None:
    assert COMPOSE["networks"]["private"] == {"internal": True}
    shared = set(SERVICES["asterisk"]["networks"]) & set(SERVICES["agent"]["networks"])
    assert shared == {"private"}


def test_control_and_sound_listen_on_the_private_network_alone() -> None:
    agent, asterisk = SERVICES["agent"], SERVICES["asterisk"]
    assert agent["environment"]["PHONE_AGENT_MEDIA__BIND"] in agent["networks"]["private"]["aliases"]
    assert asterisk["environment"]["CONTROL_HOST"] in asterisk["networks"]["private"]["aliases"]


def test_the_agent_understands_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environment: dict[str, str] = dict(SERVICES["agent"]["environment"])
    for name, value in environment.items():
        if value.startswith("/secrets/"):
            secret = tmp_path / Path(value).name
            secret.write_text("of the volume\n")
            environment[name] = str(secret)
    settings = configuration.load(environ=environment)
    assert settings.asterisk.ari_password.get_secret_value() == "of the volume"
    assert settings.asterisk.ami_password.get_secret_value() == "of the volume"
    assert settings.media.advertise == f"{settings.media.bind}:{settings.media.port}"
