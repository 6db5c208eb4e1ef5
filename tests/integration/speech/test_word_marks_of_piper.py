"""Word marks against the durations that Piper itself draws for its phonemes."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import onnxruntime
import pytest
from piper import PiperVoice
from piper.config import PiperConfig, SynthesisConfig

from agent.configuration import load
from agent.models.store import ModelStore
from agent.speech.joints import FRAME, LEADING_MS, QUIET_DB, frame_levels_db, polish, speech_level_db
from agent.speech.resampling import resample
from agent.speech.word_marks import ON_ITS_WAY_MS, heard_text, word_marks

DURATIONS_AS_OUTPUT = b"\x3a\x12\x62\x10\x0a\x0e/Ceil_output_0"
"""ONNX protobuf: in `ModelProto`, `graph` (7) { `output` (12) { `name` (1) } }. Appended to a model's bytes, a second
`graph` is merged into the first, so the model also gives what it computes anyway: the frames of each phoneme."""

SENTENCES = [
    "Yes, we open on Saturday from nine until one.",
    "You can park behind the building for free.",
    "My apologies, I misunderstood you; would you like the red one or the blue one?",
    "Every guest gets a towel, slippers, and a bathrobe.",
    "Honestly, that suits families with small kids best, because it is near.",
    "Nobody handed a wallet to us today, but I will ask my colleagues.",
]
CUTS_EACH = 60


@dataclass(frozen=True)
class Spoken:
    text: str
    pcm: bytes
    ends: list[float]
    """Sample at which each word ends."""


@pytest.fixture(scope="module")
def spoken_sentences() -> list[Spoken]:
    store = ModelStore.of(load().models)
    store.pull("en_US-joe-medium")
    path = store.path("en_US-joe-medium")
    session = onnxruntime.InferenceSession(path.read_bytes() + DURATIONS_AS_OUTPUT, providers=["CPUExecutionProvider"])
    config = PiperConfig.from_dict(json.loads(path.with_name(path.name + ".json").read_text(encoding="utf-8")))
    voice = PiperVoice(session=session, config=config)
    return [_speak(voice, text) for text in SENTENCES]


def _speak(voice: PiperVoice, text: str) -> Spoken:
    without_dice = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
    (chunk,) = voice.synthesize(text, without_dice, include_alignments=True)
    ends: list[float] = []
    position, in_word = 0, False
    assert chunk.phoneme_alignments, "the voice gives no durations"
    for phoneme in chunk.phoneme_alignments:
        if phoneme.phoneme in " .,;?!":
            if in_word:
                ends.append(position + (phoneme.num_samples / 2 if phoneme.phoneme == " " else 0))
            in_word = False
        elif phoneme.phoneme not in "^$":
            in_word = True
        position += int(phoneme.num_samples)
    pcm = resample(chunk.audio_int16_bytes, chunk.sample_rate, 8000)
    cut_off = _leading_samples(pcm)
    return Spoken(text, polish(pcm), [end * 8000 / chunk.sample_rate - cut_off for end in ends])


def _leading_samples(pcm: bytes) -> int:
    """How many samples `polish` takes off the start; fewer than none where it adds some."""
    levels = frame_levels_db(np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768))
    level = speech_level_db(levels)
    assert level is not None
    return int(np.flatnonzero(levels > level - QUIET_DB)[0]) * FRAME - LEADING_MS * 8


def test_words_that_were_not_heard_are_not_claimed(spoken_sentences: list[Spoken]) -> None:
    dice = np.random.default_rng(3)
    unheard, forgotten = [], []
    for sentence in spoken_sentences:
        assert len(sentence.ends) == len(sentence.text.split()), "the phonemes part the words otherwise than the text"
        marks = word_marks(sentence.text, sentence.pcm, "en")
        for _ in range(CUTS_EACH):
            sent = int(dice.integers(len(sentence.pcm) // 2))
            claimed = len(heard_text(sentence.text, marks, sent).split())
            heard = sum(end <= sent - ON_ITS_WAY_MS * 8 for end in sentence.ends)
            unheard.append(max(claimed - heard, 0))
            forgotten.append(max(heard - claimed, 0))
    assert max(unheard) <= 1
    assert np.mean(unheard) <= 0.03
    assert np.mean(forgotten) <= 0.6


def test_by_its_share_of_the_characters_more_would_be_claimed(spoken_sentences: list[Spoken]) -> None:
    """The negative control: the rule that these marks replaced does not pass the test above."""
    dice = np.random.default_rng(3)
    unheard = []
    for sentence in spoken_sentences:
        for _ in range(CUTS_EACH):
            sent = int(dice.integers(len(sentence.pcm) // 2))
            characters = len(sentence.text) * sent // (len(sentence.pcm) // 2)
            claimed = len(sentence.text[:characters].split())
            unheard.append(max(claimed - sum(end <= sent - ON_ITS_WAY_MS * 8 for end in sentence.ends), 0))
    assert np.mean(unheard) > 0.05
