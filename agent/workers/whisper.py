"""Faster-whisper with a short window: the recogniser inside the ears. One thread at a time."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from agent.errors import ModelError, SpeechToTextError
from agent.speech import guards
from agent.speech.guards import Decoding, Window
from agent.speech.resampling import TELEPHONE_HZ, resample
from agent.speech.vad import VoiceDetector
from agent.workers.encoder import SAMPLE_HZ, Encoder, Samples
from agent.workers.finality import Finality

MOST_PROMPT_TOKENS = 100
"""Of the 224 that Whisper takes; they cost a few milliseconds together."""
_FRAME_BYTES = 512
"""One window of the voice detector, 32 ms at 8 kHz."""

__all__ = ["SAMPLE_HZ", "Samples", "Understood", "Whisper"]


@dataclass(frozen=True, slots=True)
class Understood:
    """What was said in one utterance."""

    text: str
    """Empty where nobody speaks."""
    finality: float | None = None
    """Probability, 0 to 1, that a sentence ends where the sound ends; None: not known."""
    language: str = ""
    """The one that was asked for, or detected; empty: nothing was there to detect."""


class Whisper:
    """A loaded model. `transcribe` computes: never call it on an event loop."""

    def __init__(self, folder: Path, *, threads: int) -> None:
        """Load a folder of CTranslate2 files; raises ModelError if it is not one."""
        if not (folder / "model.bin").is_file():
            raise ModelError(f"{folder} holds no Whisper model; run `phone-agent models pull`.", code="model_missing")
        try:
            self._whisper = WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(
                f"The Whisper model in {folder} cannot be loaded ({error}); run `phone-agent models verify`.",
                code="model_corrupt",
            ) from error
        self._encoder = Encoder(self._whisper)
        self._tokenizers: dict[str, tuple[Tokenizer, Finality]] = {}
        self.languages: tuple[str, ...] = tuple(self._whisper.supported_languages)

    def warm_up(self) -> None:
        """One pass over noise, so that the first caller does not wait for it. (In silence the decoder would loop.)"""
        noise = np.random.default_rng(0).standard_normal(SAMPLE_HZ).astype(np.float32) * 0.05
        self._decode(noise, self._only_language or "en", guards.windows(1.0)[0])
        is_voiced(noise)

    @property
    def _only_language(self) -> str | None:
        return self.languages[0] if len(self.languages) == 1 else None

    def transcribe(self, samples: Samples, language: str | None, terms: Sequence[str] = ()) -> Understood:
        """One utterance, 16 kHz in -1..1; language None: detected; `terms`: what is likely to be said.

        Raises SpeechToTextError.
        """
        if language is not None and language not in self.languages:
            known = "English alone" if self.languages == ("en",) else f"{len(self.languages)} languages"
            raise SpeechToTextError(f"This Whisper model knows {known}, not {language!r}.", code="stt_error")
        if not samples.size or float(np.abs(samples).max()) * 32768 < guards.QUIET_PEAK or not is_voiced(samples):
            return Understood("", language=language or "")
        language = language or self._only_language or self._detect(samples)
        seconds = samples.size / SAMPLE_HZ
        if seconds > guards.LONGEST_SHORT_S:
            return Understood(self._decode_long(samples, language, terms), language=language)
        first, *others = guards.windows(seconds)
        decoding, finality = self._decode(samples, language, first, terms)
        if guards.is_suspect(decoding):
            for window in others:
                decoding, finality = self._decode(samples, language, window, terms)
                if not guards.is_suspect(decoding, first=False):
                    break
        return Understood(guards.trusted_text(decoding, language), finality, language)

    def _detect(self, samples: Samples) -> str:
        """The most likely language, judged by the first half minute."""
        window = guards.windows(min(samples.size / SAMPLE_HZ, guards.LONGEST_SHORT_S))[0]
        encoded = self._encoder.encode(samples, computed_s=window.computed_s, window_s=window.whole_s)
        [(token, _probability), *_] = self._whisper.model.detect_language(encoded)[0]
        return str(token).strip("<|>")

    def _decode(
        self, samples: Samples, language: str, window: Window, terms: Sequence[str] = ()
    ) -> tuple[Decoding, float | None]:
        """One greedy pass, and its finality."""
        tokenizer, finality = self._tokenizer(language)
        limit = guards.token_limit(samples.size / SAMPLE_HZ)
        said_before = tokenizer.encode(f" {', '.join(terms)}.")[:MOST_PROMPT_TOKENS] if terms else []
        prompt = self._whisper.get_prompt(tokenizer, said_before, without_timestamps=True)
        result = self._whisper.model.generate(
            self._encoder.encode(samples, computed_s=window.computed_s, window_s=window.whole_s),
            [prompt],
            beam_size=1,
            max_length=len(prompt) + limit,
            return_scores=True,
            return_logits_vocab=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[-1],
        )[0]
        tokens = result.sequences_ids[0]
        text = tokenizer.decode(tokens).strip()
        decoding = Decoding(
            text=text,
            # CTranslate2 divides the sum by the length; Whisper counts the end token too
            mean_logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
            compression_ratio=_compression_ratio(text),
            no_speech=result.no_speech_prob,
            capped=len(tokens) >= limit,
        )
        return decoding, finality(tokens, result.logits[0])

    def _decode_long(self, samples: Samples, language: str, terms: Sequence[str]) -> str:
        segments, _ = self._whisper.transcribe(
            samples,
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            hotwords=", ".join(terms) or None,
            vad_filter=False,
        )
        trusted = (
            guards.trusted_text(
                Decoding(s.text.strip(), s.avg_logprob, s.compression_ratio, s.no_speech_prob, capped=False), language
            )
            for s in segments
        )
        return " ".join(text for text in trusted if text)

    def _tokenizer(self, language: str) -> tuple[Tokenizer, Finality]:
        if language not in self._tokenizers:
            multilingual = self._whisper.model.is_multilingual
            tokenizer = Tokenizer(self._whisper.hf_tokenizer, multilingual, task="transcribe", language=language)
            self._tokenizers[language] = tokenizer, Finality(tokenizer, multilingual=multilingual)
        return self._tokenizers[language]


def is_voiced(samples: Samples) -> bool:
    """Whether there is a voice in the sound at all; stops at the first, so speech takes 2 ms, noise 3 ms a second."""
    detector = VoiceDetector()
    pcm = resample((samples * 32767).astype("<i2").tobytes(), SAMPLE_HZ, TELEPHONE_HZ)
    voiced = 0
    for start in range(0, len(pcm), _FRAME_BYTES):
        voiced += sum(p > guards.VOICED_PROBABILITY for p in detector.feed(pcm[start : start + _FRAME_BYTES]))
        if voiced >= guards.VOICED_WINDOWS:
            return True
    return False


def _compression_ratio(text: str) -> float:
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0
