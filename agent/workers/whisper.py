"""Faster-whisper with a short window: the recogniser inside the ears. One thread at a time."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from agent.errors import ModelError, SpeechToTextError
from agent.speech import guards
from agent.speech.guards import Decoding
from agent.workers.finality import Finality

SAMPLE_HZ = 16_000
Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Understood:
    """What was said in one utterance."""

    text: str
    """Empty where nobody speaks."""
    finality: float | None = None
    """Probability, 0 to 1, that a sentence ends where the sound ends; None: not known."""


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
        self._tokenizers: dict[str, tuple[Tokenizer, Finality]] = {}
        self.languages: tuple[str, ...] = tuple(self._whisper.supported_languages)

    def warm_up(self) -> None:
        """One pass over noise, so that the first caller does not wait for it. (In silence the decoder would loop.)"""
        noise = np.random.default_rng(0).standard_normal(SAMPLE_HZ).astype(np.float32) * 0.05
        self._decode(noise, self.languages[0] if len(self.languages) == 1 else "en", guards.window_s(1.0))

    def transcribe(self, samples: Samples, language: str) -> Understood:
        """One utterance, 16 kHz in -1..1. Raises SpeechToTextError."""
        if language not in self.languages:
            known = "English alone" if self.languages == ("en",) else f"{len(self.languages)} languages"
            raise SpeechToTextError(f"This Whisper model knows {known}, not {language!r}.", code="stt_error")
        if not samples.size or float(np.abs(samples).max()) * 32768 < guards.QUIET_PEAK:
            return Understood("")
        seconds = samples.size / SAMPLE_HZ
        if seconds > guards.LONGEST_SHORT_S:
            return Understood(self._decode_long(samples, language))
        window_s = guards.window_s(seconds)
        decoding, finality = self._decode(samples, language, window_s)
        if guards.is_suspect(decoding) and window_s < guards.FULL_WINDOW_S:
            decoding, finality = self._decode(samples, language, guards.FULL_WINDOW_S)
        return Understood(guards.trusted_text(decoding), finality)

    def _decode(self, samples: Samples, language: str, window_s: float) -> tuple[Decoding, float | None]:
        """One greedy pass, and its finality. The encoder sees `window_s` seconds: the utterance, then silence."""
        tokenizer, finality = self._tokenizer(language)
        padded = np.zeros(round(window_s * SAMPLE_HZ), dtype=np.float32)
        padded[: samples.size] = samples[: padded.size]
        features = self._whisper.feature_extractor(padded, padding=0)
        limit = guards.token_limit(samples.size / SAMPLE_HZ)
        prompt = self._whisper.get_prompt(tokenizer, [], without_timestamps=True)
        result = self._whisper.model.generate(
            self._whisper.encode(features),
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

    def _decode_long(self, samples: Samples, language: str) -> str:
        segments, _ = self._whisper.transcribe(
            samples,
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            vad_filter=False,
        )
        trusted = (
            guards.trusted_text(
                Decoding(s.text.strip(), s.avg_logprob, s.compression_ratio, s.no_speech_prob, capped=False)
            )
            for s in segments
        )
        return " ".join(text for text in trusted if text)

    def _tokenizer(self, language: str) -> tuple[Tokenizer, Finality]:
        if language not in self._tokenizers:
            multilingual = self._whisper.model.is_multilingual
            tokenizer = Tokenizer(self._whisper.hf_tokenizer, multilingual, task="transcribe", language=language)
            self._tokenizers[language] = tokenizer, Finality(tokenizer)
        return self._tokenizers[language]


def _compression_ratio(text: str) -> float:
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0
