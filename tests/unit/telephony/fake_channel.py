"""A channel of the fake Asterisk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.unit.telephony.fake_media import FakeStream


@dataclass
class FakeChannel:
    id: str
    exten: str
    state: str = "Ring"
    stream: FakeStream | None = None
    in_stasis: bool = True
    app: str = "phone-agent"
    followed: bool = False
    """Whether ChannelDestroyed is sent for it."""
    context: str = "phone-agent"
    variables: dict[str, str] = field(default_factory=dict)
    keyed: str = ""
    """Keys that we pressed."""
    busy_until: float = 0.0
    dialled: str = ""
    """The endpoint, of a channel that we originate."""
    heard: bool = False
    """Whether its trunk has sent anything at all."""

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": f"Fake/{self.id}",
            "state": self.state,
            "caller": {"name": "", "number": "+15551230000"},
            "dialplan": {"exten": self.exten, "app_name": "Stasis", "app_data": self.app if self.in_stasis else ""},
        }
