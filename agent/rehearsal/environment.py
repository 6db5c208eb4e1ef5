"""The environment in which a child process finds an Asterisk of ours, whatever its configuration file says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from agent.asterisk.instance import AsteriskInstance
from agent.asterisk.render import write_private
from agent.configuration import DELIMITER, PREFIX

_ARI_PASSWORD, _AMI_PASSWORD = "ari-password", "ami-password"


def overrides(values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Section → key → value, as variables that go before the configuration file."""
    return {
        f"{PREFIX}{section}{DELIMITER}{key}".upper(): value
        for section, keys in values.items()
        for key, value in keys.items()
    }


def reaching(asterisk: AsteriskInstance, secrets: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`environ` with the addresses and passwords of a running Asterisk; passwords go to files in `secrets` (0600)."""
    config = asterisk.config
    write_private(secrets, {_ARI_PASSWORD: config.ari_password, _AMI_PASSWORD: config.ami_password})
    section = {
        "ari_url": asterisk.ari_url,
        "ari_user": config.ari_user,
        "ari_password": "",
        "ari_password_file": str(secrets / _ARI_PASSWORD),
        "app": config.app,
        "ami_host": "127.0.0.1",
        "ami_port": str(config.ami_port),
        "ami_user": config.ami_user,
        "ami_password": "",
        "ami_password_file": str(secrets / _AMI_PASSWORD),
    }
    return {**environ, **overrides({"asterisk": section})}
