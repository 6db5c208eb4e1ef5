"""A patient: a configuration file, with or without a real Asterisk that it fits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance
from agent.asterisk.ports import with_free_ports
from agent.doctor.check import Check
from agent.doctor.examination import Examination

ELSEWHERE = "tcp://127.0.0.1:1"
"""Ears, mind and mouth on servers that nobody has: no model file is needed, and nothing of ours is started."""


@dataclass
class Patient:
    """What the doctor is to look at. Change `sections` before the examination."""

    folder: Path
    run_dir: Path
    sections: dict[str, dict[str, object]] = field(default_factory=dict)
    asterisk: AsteriskInstance | None = None

    def set(self, section: str, **values: object) -> None:
        self.sections.setdefault(section, {}).update(values)

    def write(self) -> Path:
        """The configuration file."""
        path = self.folder / "phone-agent.toml"
        lines = []
        for name, section in self.sections.items():
            lines += [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in section.items())]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    async def examined(self, *, quick: bool = True) -> dict[str, Check]:
        """Every check by its name."""
        told: list[Check] = []
        checks = await Examination(told.append, quick=quick).run(self.write())
        assert told == checks
        by_name = {check.name: check for check in checks}
        assert len(by_name) == len(checks)
        return by_name


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str | Path) else str(value).lower()


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    """Without an Asterisk: nobody listens on its ports."""
    nobody = with_free_ports(AsteriskConfig())
    patient = Patient(tmp_path, tmp_path / "asterisk")
    patient.set("asterisk", ari_url=f"http://127.0.0.1:{nobody.ari_port}", ari_password="x", ami_port=nobody.ami_port)
    patient.set("media", port=0)
    patient.set("http", port=0)
    patient.set("stt", uri=ELSEWHERE)
    patient.set("tts", uri=ELSEWHERE)
    patient.set("llm", base_url="http://127.0.0.1:1/v1", model="none")
    return patient


@pytest_asyncio.fixture
async def healthy(patient: Patient) -> AsyncIterator[Patient]:
    """With a real Asterisk of our own configuration."""
    asterisk = AsteriskInstance(bundle("asterisk"), AsteriskConfig(), patient.run_dir)
    await asterisk.start()
    config = asterisk.config
    patient.set(
        "asterisk",
        ari_url=asterisk.ari_url,
        ari_password=config.ari_password,
        ami_port=config.ami_port,
        ami_password=config.ami_password,
    )
    patient.asterisk = asterisk
    try:
        yield patient
    finally:
        await asterisk.stop()
