"""One greeting and what was made of it: the agent's own detection and ears, on a clock of sound.

The clock is counted in frames, so that the sound need not be waited for. What the ears take is real: words arrive so
many frames after they were asked for as the ears needed seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.bench.machines.stage import Staged
from agent.bench.machines.wordings import Wording
from agent.dialog.answer_listener import FRAME_MS, AnswerListener, Look
from agent.dialog.foreground import Foreground
from agent.domain.answered_by import Answer, AnsweredBy
from agent.media.key_tones import KeyToneGuard
from agent.speech.stt import SpeechToText
from agent.speech.urgency import Urgency
from agent.speech.vad import VoiceDetector

FRAME_BYTES = 320


@dataclass(frozen=True, slots=True)
class Trial:
    """What was decided of one greeting."""

    wording: Wording
    voice: str
    behind: str
    first: Answer | None
    """None: it made none."""
    acted: Answer | None
    """As it stood when the agent would first have spoken, hung up or waited for a beep."""
    may_speak_ms: int | None
    """When a person had come to an end, as the agent saw it; None: it never did, or took them for a machine."""
    last: Answer | None
    """The same, or as it was corrected."""
    first_word_ms: int
    last_word_ms: int
    looks_s: tuple[float, ...]
    """How long the ears took each time."""

    @property
    def taken_for(self) -> AnsweredBy:
        """What the agent took it for at first."""
        return _by(self.first)

    @property
    def acted_by(self) -> AnsweredBy:
        """What it took it for when it began to act."""
        return _by(self.acted)

    @property
    def ended_as(self) -> AnsweredBy:
        """What it took it for in the end."""
        return _by(self.last)

    @property
    def decided_after_ms(self) -> int | None:
        """From the first word to the decision, or from the answer where it was made before the first word."""
        if self.first is None:
            return None
        early = self.first.decided_ms < self.first_word_ms
        return self.first.decided_ms - (0 if early else self.first_word_ms)


async def try_out(wording: Wording, staged: Staged, ears: SpeechToText, *, voice: str) -> Trial:
    """Let the agent listen to a greeting to its end, or until it is a machine's. Raises SpeechToTextError."""
    listener, detector, keys = AnswerListener(), Foreground(VoiceDetector()), KeyToneGuard()
    sound = staged.pcm.tobytes()
    decisions: list[Answer] = []
    due: tuple[int, Look, str] | None = None
    took: list[float] = []
    acted: Answer | None = None
    may_speak_ms: int | None = None
    for number, at in enumerate(range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES)):
        frame = sound[at : at + FRAME_BYTES]
        is_key = keys.feed(frame)
        heard = [0.0 if is_key else probability for probability in detector.feed(frame)]
        _add(decisions, listener.take(frame, heard))
        if due is not None and number >= due[0]:
            _add(decisions, listener.understood(due[2], due[1]))
            due = None
        if due is None and (look := listener.look()) is not None:
            found = await ears.transcribe(look.pcm, language="en", urgency=Urgency.CALLER_WAITS)
            took.append(found.seconds)
            due = number + max(1, round(found.seconds * 1000 / FRAME_MS)), look, found.text
        if acted is None and decisions and (listener.detector.waits_for_us or not _is_person(decisions[-1])):
            acted = decisions[-1]
            may_speak_ms = None if acted.by.machine else listener.now_ms
        if not listener.detector.open or (decisions and decisions[-1].by.machine):
            break
    return Trial(
        wording,
        voice,
        staged.behind,
        decisions[0] if decisions else None,
        acted,
        may_speak_ms,
        decisions[-1] if decisions else None,
        staged.first_word_ms,
        staged.said_ms,
        tuple(took),
    )


def _is_person(answer: Answer) -> bool:
    return answer.by is AnsweredBy.PERSON


def _by(answer: Answer | None) -> AnsweredBy:
    return answer.by if answer else AnsweredBy.UNCERTAIN


def _add(decisions: list[Answer], answer: Answer | None) -> None:
    if answer is not None:
        decisions.append(replace(answer))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that `share` (0 to 1) of the values do not exceed; None for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
