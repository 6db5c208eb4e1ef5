"""Who answers, and how conversations go."""

from __future__ import annotations

from pydantic import Field

from agent.settings.section import OptionalPath, Section


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
