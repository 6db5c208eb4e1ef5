"""The configuration: `phone-agent.toml`, overridden by `PHONE_AGENT_SECTION__KEY`, secrets also from files."""

from __future__ import annotations

from agent.settings.bus import BusSettings
from agent.settings.conversation import AgentsSettings, TurnSettings
from agent.settings.models import LlmSettings, ModelsSettings, SttSettings, TtsSettings
from agent.settings.outbound import OutboundSettings
from agent.settings.record import RecordingsSettings, RetentionSettings, StoreSettings
from agent.settings.section import Section
from agent.settings.service import HttpSettings, LogSettings, TracingSettings
from agent.settings.telephony import AsteriskSettings, CapacitySettings, DrainSettings, MediaSettings
from agent.settings.tools import ToolsSettings
from agent.settings.webhooks import WebhooksSettings


class Settings(Section):
    """All of it. Read by `agent.configuration.load`."""

    asterisk: AsteriskSettings = AsteriskSettings()
    media: MediaSettings = MediaSettings()
    stt: SttSettings = SttSettings()
    llm: LlmSettings = LlmSettings()
    tts: TtsSettings = TtsSettings()
    turns: TurnSettings = TurnSettings()
    agents: AgentsSettings = AgentsSettings()
    capacity: CapacitySettings = CapacitySettings()
    drain: DrainSettings = DrainSettings()
    models: ModelsSettings = ModelsSettings()
    store: StoreSettings = StoreSettings()
    http: HttpSettings = HttpSettings()
    webhooks: WebhooksSettings = WebhooksSettings()
    tools: ToolsSettings = ToolsSettings()
    bus: BusSettings = BusSettings()
    recordings: RecordingsSettings = RecordingsSettings()
    retention: RetentionSettings = RetentionSettings()
    tracing: TracingSettings = TracingSettings()
    outbound: OutboundSettings = OutboundSettings()
    log: LogSettings = LogSettings()
