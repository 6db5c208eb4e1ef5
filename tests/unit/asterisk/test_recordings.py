from __future__ import annotations

import gzip
from pathlib import Path

from agent.asterisk.recordings import Recording, prompts, voices


def test_prompts_are_those_with_words_and_a_file(tmp_path: Path) -> None:
    sounds = tmp_path / "usr/share/asterisk/sounds/en_US_f_Allison"
    listing = tmp_path / "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
    (sounds / "digits").mkdir(parents=True)
    listing.parent.mkdir(parents=True)
    for name in ("hello", "beep", "boop", "digits/1"):
        (sounds / f"{name}.wav").touch()
    text = "; Sounds\n\nhello: Hello: who is there?\nbeep: [a tone]\nboop: <tone>\ndigits/1: one \nlost: Lost.\n"
    listing.write_bytes(gzip.compress(text.encode()))
    assert prompts(tmp_path) == [
        Recording(sounds / "digits/1.wav", "one"),
        Recording(sounds / "hello.wav", "Hello: who is there?"),
    ]


def test_voices_are_read_from_their_transcription(tmp_path: Path) -> None:
    clips = tmp_path / "usr/share/pocketsphinx/test/data/librivox"
    clips.mkdir(parents=True)
    (clips / "a-1.wav").touch()
    (clips / "transcription").write_text("<s> he was not ill </s> (a-1)\n<s> lost </s> (a-2)\nnoise\n")
    assert voices(tmp_path) == [Recording(clips / "a-1.wav", "he was not ill")]
