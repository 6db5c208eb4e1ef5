"""What all conversations of one agent process share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agent.dialog.listener import VoiceDetection
from agent.dialog.lulls import Lulls
from agent.dialog.mind import LanguageModel
from agent.dialog.phrases import PhraseBook
from agent.dialog.speculation import Speculation
from agent.dialog.tool_desk import NoTools, ToolDesk
from agent.domain.events import EventSink
from agent.domain.partial_transcript import NobodyListens, PartialSink
from agent.settings import Settings
from agent.speech.stt import SpeechToText


@dataclass(frozen=True, slots=True)
class Parts:
    """The models behind their interfaces, and where events go."""

    settings: Settings
    ears: SpeechToText
    mind: LanguageModel
    mouth: PhraseBook
    detector: Callable[[], VoiceDetection]
    sink: EventSink
    speculation: Speculation = field(default_factory=Speculation)
    tools: ToolDesk = field(default_factory=lambda: ToolDesk(NoTools(), lambda _event: None))
    lulls: Lulls = field(default_factory=Lulls)
    partials: PartialSink = field(default_factory=NobodyListens)
