"""The configuration: `phone-agent.toml`, overridden by `PHONE_AGENT_SECTION__KEY`, secrets also from files."""

from __future__ import annotations

import base64
import binascii
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints

from agent.domain.event_types import ALL, EventType
from agent.domain.recording import RecordingFormat

Port = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
OptionalPath = Annotated[Path | None, BeforeValidator(lambda value: value or None)]
"""A path; an empty string is none, so that a line of the default file can be taken as it stands."""


class Section(BaseModel):
    """One table of the file; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class AsteriskSettings(Section):
    """Where Asterisk is and how we log in."""

    ari_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+$")] = "http://127.0.0.1:8088"
    ari_user: str = "phone-agent"
    ari_password: SecretStr = SecretStr("")
    ari_password_file: OptionalPath = None
    app: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")] = "phone-agent"
    """Name of the Stasis application, as in the dialplan."""
    ami_host: Host = "127.0.0.1"
    ami_port: Port = 5038
    ami_user: str = "phone-agent"
    ami_password: SecretStr = SecretStr("")
    ami_password_file: OptionalPath = None
    request_timeout_s: float = Field(default=5, gt=0)


class MediaSettings(Section):
    """The AudioSocket server to which Asterisk brings the sound. It knows no passwords: keep it private."""

    bind: Host = "127.0.0.1"
    port: int = Field(default=9092, ge=0, le=65535)
    """0 takes any free port."""
    advertise: str = ""
    """host:port that Asterisk is told; empty: `bind` and `port`."""
    realtime: bool = True
    """Let sound go before all other work of this machine, where the kernel permits it (root, LimitRTPRIO=1)."""
    admit_timeout_s: float = Field(default=5, gt=0)
    """How long a call waits for Asterisk to connect its sound."""
    stall_timeout_s: float = Field(default=90, gt=0)
    """So long without one frame from Asterisk ends the call. Muted telephones send none: keep it above rtp_timeout."""


class SttSettings(Section):
    """Ears."""

    uri: str = ""
    """A Wyoming server, such as tcp://127.0.0.1:10300; empty: our own process with `model`."""
    model: str = "whisper-base"
    threads: int = Field(default=2, ge=1)
    parallel: int = Field(default=1, ge=1)
    """Requests sent at once; the others wait, the most urgent goes first. More than 1 for a server that can do more."""
    deadline_s: float = Field(default=8, gt=0)


class LlmSettings(Section):
    """Mind."""

    base_url: str = ""
    """An OpenAI-compatible server, such as http://127.0.0.1:8000/v1; empty: our own llama.cpp with `model`."""
    api_key: SecretStr = SecretStr("")
    api_key_file: OptionalPath = None
    backend: Literal["xllamacpp", "llama-cpp-python"] = "xllamacpp"
    model: str = "auto"
    """A name of the manifest, a path to a GGUF file, or the server's name for it; `auto`: by this machine's memory."""
    threads: int = Field(default=2, ge=1)
    slots: int = Field(default=4, ge=1)
    """Calls that keep their prompt in memory at once."""
    context_tokens: int = Field(default=2048, ge=512)
    """Per call."""
    max_tokens: int = Field(default=120, ge=8)
    """Longest answer."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    """0: the same question gets the same answer, which small models need to keep to the facts."""
    deadline_s: float = Field(default=10, gt=0)
    """To the first word of an answer."""


class TtsSettings(Section):
    """Mouth."""

    uri: str = ""
    """A Wyoming server, such as tcp://127.0.0.1:10200; empty: our own Piper process with `voice`."""
    voice: str = "en_US-joe-medium"
    threads: int = Field(default=1, ge=1)
    parallel: int = Field(default=1, ge=1)
    """Requests sent at once, as in `stt`."""
    deadline_s: float = Field(default=6, gt=0)


class TurnSettings(Section):
    """When somebody's turn begins and ends. `docs/turn-taking.md` explains the policy."""

    speech_probability: float = Field(default=0.5, gt=0, lt=1)
    pause_ms: int = Field(default=32, ge=32, le=5000)
    """Silence after the last speech in which understanding begins, so that it is done when the turn is over."""
    longest_wait_ms: int = Field(default=2500, ge=200, le=10_000)
    """Silence after the last speech that ends the caller's turn whatever was said, even if no word was understood."""
    answer_wait_ms: int = Field(default=600, ge=100, le=5000)
    """Silence after the last speech that ends a turn which answers what the agent asked."""
    complete_wait_ms: int = Field(default=550, ge=100, le=5000)
    """The same for a turn that sounds finished."""
    unsure_wait_ms: int = Field(default=950, ge=100, le=5000)
    """The same for one that may go on."""
    unfinished_wait_ms: int = Field(default=1400, ge=100, le=5000)
    """The same after half a sentence."""
    dictating_wait_ms: int = Field(default=1500, ge=100, le=5000)
    """The same while digits, letters or an address are being dictated."""
    min_speech_ms: int = Field(default=64, ge=32, le=1000)
    """Speech shorter than this is a noise."""
    yield_probability: float = Field(default=0.2, gt=0, lt=1)
    """Speech probability that counts while the agent talks: a soft onset does, since what was no word is taken back."""
    yield_speech_ms: int = Field(default=32, ge=32, le=2000)
    """Speech of so long, while the agent talks, makes it fall silent until it is known whether words follow."""
    yield_limit_ms: int = Field(default=1600, ge=200, le=5000)
    """Without a word understood in this time after it fell silent, the agent goes on from where it was."""
    probe_ms: int = Field(default=6000, ge=1000, le=25_000)
    """Unbroken speech of so long is understood while it goes on, so that little is left to do at its end."""
    max_turn_s: float = Field(default=30, gt=1, le=120)
    speculate: bool = True
    """Prepare an answer while it is not yet sure that the caller has finished. Off by itself under load."""
    filler_after_ms: int = Field(default=2500, ge=0, le=20_000)
    """A caller who waits longer than this since the end of their speech hears "Let me see."; 0: never."""


class AgentsSettings(Section):
    """Who answers."""

    folder: OptionalPath = None
    """Files NAME.toml or NAME.yaml; empty: the samples that ship with the package."""
    numbers: dict[str, str] = Field(default_factory=lambda: {"1000": "receptionist"})
    """Number dialled → name of the agent."""
    default: str = ""
    """Name of the agent that takes calls to numbers which have none; empty: such calls are refused."""


class CapacitySettings(Section):
    """How many calls at once, and what becomes of a caller for whom there is no place."""

    max_calls: int = Field(default=0, ge=0)
    """0: learned from how long callers wait for answers."""
    start_calls: int = Field(default=4, ge=1)
    """Where learning begins."""
    turn_p95_s: float = Field(default=2.5, gt=0, le=30)
    """Learning keeps the wait for 95 % of all answers below this: from the end of speech to the first sound."""
    rule: Literal["busy", "announce", "fallback"] = "busy"
    """`busy`: refused (SIP 486); `announce`: answered and kept waiting; `fallback`: goes on in the dialplan."""
    fallback_context: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,79}$")] = "phone-agent-fallback"
    """Context of the dialplan whose extension `s` then takes the caller."""
    queue_timeout_s: float = Field(default=60, gt=0, le=3600)
    """A caller who has waited so long is told goodbye."""
    queue_calls: int = Field(default=10, ge=0)
    """So many may wait; further ones get `busy`."""


class DrainSettings(Section):
    """What becomes of calls when the server is to stop (SIGTERM), or to take no more (POST /v1/system/drain)."""

    timeout_s: float = Field(default=600, ge=0, le=86_400)
    """Calls under way may go on for so long; then they are told goodbye. Ctrl-C does not wait."""
    farewell_s: float = Field(default=15, ge=0, le=120)
    """A goodbye may take so long."""
    rule: Literal["fallback", "busy", "unavailable"] = "fallback"
    """New callers: `fallback` go on in `capacity.fallback_context` of the dialplan; `busy` are refused (SIP 486), as
    are `unavailable` (SIP 503, on which a trunk or proxy tries another server)."""


class ModelsSettings(Section):
    """Where model files are kept."""

    folder: OptionalPath = None
    """Empty: the user's cache directory."""
    local_folder: OptionalPath = None
    """Where model files may already be, as NAME/FILE or FILE; `phone-agent models pull` looks here first."""


class StoreSettings(Section):
    """The record: calls, transcripts, events, agents, keys. `phone-agent migrate` makes or updates its tables."""

    file: OptionalPath = None
    """Of SQLite; empty: in the user's data directory. Not used where there is a `url`."""
    url: SecretStr = SecretStr("")
    """A PostgreSQL database, such as postgresql://USER:PASSWORD@HOST/NAME; empty: SQLite."""
    url_file: OptionalPath = None
    server: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,64}$")] = ""
    """Name of this server; empty: that of the machine. Servers that share a database need different ones: each closes
    at its start the calls that it left open when it died."""


class HttpSettings(Section):
    """The API, and metrics."""

    bind: Host = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    """0 takes any free port."""
    metrics_port: int = Field(default=9464, ge=0, le=65535)
    """For Prometheus, under /metrics; 0 takes any free port."""


def _texts(value: object) -> list[str]:
    """A list of names; text with commas stands for one, as the environment has it."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(part) for part in value] if isinstance(value, list | tuple) else [str(value)]


def _are_subnets(value: list[str]) -> list[str]:
    for text in value:
        try:
            ip_network(text)
        except ValueError:
            raise ValueError(f"{text} is no subnet; write one like 10.0.0.0/8") from None
    return value


Subnets = Annotated[list[str], BeforeValidator(_texts), AfterValidator(_are_subnets)]


def _is_signing_secret(value: SecretStr) -> SecretStr:
    """Of Standard Webhooks: 24 to 64 bytes in base64 behind its prefix."""
    text = value.get_secret_value()
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if text and not (text.startswith(SECRET_PREFIX) and 24 <= len(key) <= 64):
        raise ValueError(f"must be {SECRET_PREFIX} and 24 to 64 random bytes in base64")
    return value


SECRET_PREFIX = "whsec_"  # noqa: S105  # the mark of Standard Webhooks, no secret
SigningSecret = Annotated[SecretStr, AfterValidator(_is_signing_secret)]
AskedUrl = Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")]


class WebhooksSettings(Section):
    """How applications are told of events over HTTP, and asked who takes a call."""

    allowed_subnets: Subnets = Field(default_factory=list)
    """Subnets beside public addresses that endpoints may be in, such as "10.0.0.0/8"; this machine: "127.0.0.1/32"."""
    timeout_s: float = Field(default=15, gt=0, le=60)
    """An endpoint that has not answered by then has failed, and is tried again."""
    concurrency: int = Field(default=8, ge=1, le=64)
    """Requests to one endpoint at once."""
    disable_after_days: float = Field(default=5, gt=0, le=60)
    """An endpoint that nothing got through to for so long is disabled."""
    sync_timeout_s: float = Field(default=2, gt=0, le=30)
    """A caller waits so long at most for what an application is asked: who takes the call, what a tool gives."""
    lookup_url: AskedUrl = ""
    """Your application, which says who takes a call (`agent.lookup`); empty: nobody. A number may have its own."""
    tool_url: AskedUrl = ""
    """Your application, which does the work of tools that have no `url` of their own (`tool.call`)."""
    secret: SigningSecret = SecretStr("")
    """Signs both: whsec_ and 24 to 64 random bytes in base64."""
    secret_file: OptionalPath = None
    old_secret: SigningSecret = SecretStr("")
    """Signs too, while you change from one to the other."""
    old_secret_file: OptionalPath = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What signs requests to applications."""
        both = self.secret.get_secret_value(), self.old_secret.get_secret_value()
        return tuple(filter(None, both))


def _are_event_types(value: list[str]) -> list[str]:
    for text in value:
        if text != ALL and text not in set(EventType):
            raise ValueError(f"{text} is no type of event; docs/api.md lists them, and {ALL} stands for all")
    return value


EventTypes = Annotated[list[str], BeforeValidator(_texts), AfterValidator(_are_event_types)]


class BusSettings(Section):
    """The same events to a message queue: RabbitMQ, or a stream of Redis. `docs/message-queue.md` tells how."""

    url: SecretStr = SecretStr("")
    """amqp://USER:PASSWORD@HOST/VHOST or redis://:PASSWORD@HOST/0, with TLS amqps:// or rediss://; empty: none."""
    url_file: OptionalPath = None
    exchange: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,127}$")] = "phone-agent"
    """Of RabbitMQ; made as a durable topic exchange unless it is there. The routing key is the type of the event."""
    stream: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:{}-]{1,127}$")] = "phone-agent:events"
    """Key of the stream in Redis."""
    stream_length: int = Field(default=1_000_000, ge=0)
    """About so many events stay in the stream, read or not, a kilobyte or two each; 0: all."""
    events: EventTypes = Field(default_factory=list)
    """Types that are published; empty: all but those on request; "*": all."""
    unroutable: Literal["drop", "hold"] = "drop"
    """An event for which RabbitMQ has no queue: count it and go on, or keep it and all after it until there is one."""
    timeout_s: float = Field(default=10, gt=0, le=60)
    """A broker that has not confirmed by then has failed, and is tried again."""


class RecordingsSettings(Section):
    """Recordings of calls, for agents that have `recording.consent`."""

    folder: OptionalPath = None
    """Empty: in the user's data directory. Each server needs one of its own, for nobody else's files."""
    format: RecordingFormat = RecordingFormat.WAV
    """`wav`: as it is written, 1.9 MB a minute; `opus`: a tenth of that, made by the program opusenc after the call."""


Days = Annotated[float, Field(ge=0, le=36_500)]


class RetentionSettings(Section):
    """How long after a call what is kept; 0: for ever. Looked after at start and every hour."""

    recordings_days: Days = 30
    transcripts_days: Days = 90
    """Turns, and what events and summaries tell of what was said."""
    personal_data_days: Days = 365
    """Everything that tells who called: numbers, metadata, variables; with it transcript and recording, if still there.
    What stays of the call are times and figures."""
    events_days: Days = 90
    """Events and their deliveries, once no delivery is pending: older ones can be neither listed nor replayed."""


class TracingSettings(Section):
    """Traces for OpenTelemetry: one for each call. Needs `pip install 'phone-agent[otel]'`."""

    otlp_endpoint: Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")] = ""
    """A collector that takes OTLP over HTTP, such as http://127.0.0.1:4318; empty: no traces."""
    service_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = "phone-agent"
    """As traces are found by."""


class LogSettings(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


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
    bus: BusSettings = BusSettings()
    recordings: RecordingsSettings = RecordingsSettings()
    retention: RetentionSettings = RetentionSettings()
    tracing: TracingSettings = TracingSettings()
    log: LogSettings = LogSettings()
