"""The configuration, one file for what belongs together. Read by `agent.configuration.load`."""

from agent.settings.bus import BusSettings, EventTypes
from agent.settings.conversation import AgentsSettings, TurnSettings
from agent.settings.models import LlmSettings, ModelsSettings, SttSettings, TtsSettings
from agent.settings.outbound import OutboundSettings, TrunkSettings
from agent.settings.record import Days, RecordingsSettings, RetentionSettings, StoreSettings
from agent.settings.section import Host, OptionalPath, Port, Section
from agent.settings.service import HttpSettings, LogSettings, TracingSettings
from agent.settings.settings import Settings
from agent.settings.telephony import AsteriskSettings, CapacitySettings, DrainSettings, MediaSettings
from agent.settings.webhooks import SECRET_PREFIX, AskedUrl, SigningSecret, Subnets, WebhooksSettings

__all__ = [
    "SECRET_PREFIX",
    "AgentsSettings",
    "AskedUrl",
    "AsteriskSettings",
    "BusSettings",
    "CapacitySettings",
    "Days",
    "DrainSettings",
    "EventTypes",
    "Host",
    "HttpSettings",
    "LlmSettings",
    "LogSettings",
    "MediaSettings",
    "ModelsSettings",
    "OptionalPath",
    "OutboundSettings",
    "Port",
    "RecordingsSettings",
    "RetentionSettings",
    "Section",
    "Settings",
    "SigningSecret",
    "StoreSettings",
    "SttSettings",
    "Subnets",
    "TracingSettings",
    "TrunkSettings",
    "TtsSettings",
    "TurnSettings",
    "WebhooksSettings",
]
