"""Recorded human speech with its texts, for tests and benchmarks: from the bundles `prompts` and `voices`."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_SPOKEN = re.compile(r"(?P<name>[A-Za-z0-9/_-]+): (?P<text>[^\[\]<>]*[A-Za-z][^\[\]<>]*)")
_READ = re.compile(r"<s> (?P<text>.+?) *</s> \((?P<name>[^()]+)\)")


@dataclass(frozen=True, slots=True)
class Recording:
    """A WAV file (16-bit mono) and the words in it."""

    path: Path
    text: str


def prompts(root: Path) -> list[Recording]:
    """Of the bundle `prompts`: one woman in a studio, 8 kHz, half a second to a minute (CC-BY-SA-3.0).

    Sorted by name. Beeps and tones are left out, and so is what has no file.
    """
    listing = root / "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
    texts = gzip.decompress(listing.read_bytes()).decode("utf-8", "replace")
    return _existing(prompts_folder(root), _matches(_SPOKEN, texts))


def prompts_folder(root: Path) -> Path:
    """Where the prompts are, such as `digits/1.wav`."""
    return root / "usr/share/asterisk/sounds/en_US_f_Allison"


def hold_music(root: Path) -> list[Path]:
    """Of the bundle `music`: what callers hear who wait; 8 kHz, two to five minutes each (CC-BY-SA-3.0)."""
    return sorted((root / "usr/share/asterisk/moh").glob("*.wav"))


def voices(root: Path) -> list[Recording]:
    """Of the bundle `voices`: a reader at home (LibriVox), 16 kHz, a sentence each (BSD-2-Clause)."""
    clips = root / "usr/share/pocketsphinx/test/data/librivox"
    return _existing(clips, _matches(_READ, (clips / "transcription").read_text("utf-8")))


def _matches(pattern: re.Pattern[str], listing: str) -> Iterable[tuple[str, str]]:
    for line in listing.splitlines():
        if match := pattern.fullmatch(line.strip()):
            yield match["name"], match["text"].strip()


def _existing(folder: Path, texts: Iterable[tuple[str, str]]) -> list[Recording]:
    recordings = [Recording(folder / f"{name}.wav", text) for name, text in texts]
    return sorted((r for r in recordings if r.path.exists()), key=lambda recording: recording.path)
