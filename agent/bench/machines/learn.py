"""`python -m agent.bench.machines.learn`: learns from the greetings of `tune` to tell people from machines.

Writes agent/dialog/answer_words.json; with `--check` it only cross-validates: by greeting, so that no beginning of one
is on both sides. The same greetings give the same file.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.bench.machines.wordings import TUNE, Wording, wordings
from agent.dialog import answer_words
from agent.dialog.answer_detector import SURE_WORDS
from agent.dialog.answer_words import KINDS, LENGTHS, UNKNOWN, Lesson, asks, features, likelihoods, split
from agent.domain.answered_by import AnsweredBy

Numbers = NDArray[np.float64]
SEED = 1
FOLDS = 8
MET = 2
"""Greetings that have a word or a run of words at least, for it to count."""
MISHEARD, COPIES = 0.08, 2
"""Share of the words that ears leave out, and of those taken for others; how often each greeting is misheard."""
WHOLE = 2.0
"""The whole of a greeting weighs so much more than one of its beginnings."""
STEPS, RATE, L2 = 150, 0.1, 2e-4
SMALLEST = 0.04
"""Smaller weights are left out."""
MACHINE_FROM: Final = (0.8, 0.9, 0.95, 0.97)
PERSON_FROM: Final = (0.9, 0.95, 0.97, 0.99)


@dataclass(frozen=True, slots=True)
class Example:
    """A beginning of a greeting, as ears may give it."""

    words: list[str]
    asks: bool
    kind: int
    weight: float


def learn(greetings: Sequence[Wording]) -> Lesson:
    """Learn from them."""
    met = Counter(word for one in greetings for word in set(split(one.text)))
    known = {word for word, count in met.items() if count >= MET}
    met_runs: Counter[str] = Counter()
    for one in greetings:
        met_runs.update(set(features(split(one.text), known, asks=asks(one.text))))
    counted = {run for run, count in met_runs.items() if count >= MET} | {f"<={n}" for n in (*LENGTHS, "more")}
    names = sorted(counted)
    number = {name: at for at, name in enumerate(names)}
    examples = _examples(greetings)
    found = [
        sorted({number[one] for one in features(example.words, known, asks=example.asks) if one in number})
        for example in examples
    ]
    weights = _descend(found, examples, len(names))
    kept = {
        name: tuple(round(float(one), 2) for one in row)
        for name, row in zip(names, weights, strict=True)
        if np.abs(row).max() >= SMALLEST
    }
    return Lesson(frozenset(known), kept)


def _examples(greetings: Sequence[Wording]) -> list[Example]:
    chance = random.Random(SEED)  # noqa: S311 -- draws test data, nothing secret
    share = Counter(KINDS.index(one.by) == 0 for one in greetings)
    examples = []
    for one in greetings:
        pieces = [piece for piece in one.text.split() if split(piece)]
        kind = KINDS.index(one.by)
        each = 1 / (len(pieces) ** 0.5 * share[kind == 0])
        for copy in range(COPIES + 1):
            for count in range(1, len(pieces) + 1):
                text = " ".join(pieces[:count])
                words = _misheard(split(text), chance) if copy else split(text)
                examples.append(Example(words, asks(text), kind, each * (WHOLE if count == len(pieces) else 1)))
    return examples


def _misheard(words: list[str], chance: random.Random) -> list[str]:
    drawn = [(word, chance.random()) for word in words]
    return [UNKNOWN if draw > 1 - MISHEARD else word for word, draw in drawn if draw >= MISHEARD]


def _descend(found: Sequence[Sequence[int]], examples: Sequence[Example], count: int) -> Numbers:
    """Adam over all examples at once."""
    columns = np.concatenate([np.asarray(one, np.int64) for one in found])
    rows = np.repeat(np.arange(len(found)), [len(one) for one in found])
    starts = np.concatenate([[0], np.cumsum([len(one) for one in found])[:-1]])
    truth = np.eye(len(KINDS))[[example.kind for example in examples]]
    weight = np.array([example.weight for example in examples])
    weight /= weight.sum()
    values = np.zeros((count, len(KINDS)))
    mean, square = np.zeros_like(values), np.zeros_like(values)
    for step in range(1, STEPS + 1):
        sums = np.add.reduceat(values[columns], starts, axis=0)
        powers = np.exp(sums - sums.max(axis=1, keepdims=True))
        errors = (powers / powers.sum(axis=1, keepdims=True) - truth) * weight[:, None]
        slopes = [np.bincount(columns, errors[rows, kind], count) for kind in range(len(KINDS))]
        gradient = np.stack(slopes, axis=1) + L2 * values
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        values -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return values


def folds(greetings: Sequence[Wording]) -> list[tuple[Lesson, list[Wording]]]:
    """What was learned without some of the greetings, and those."""
    mixed = list(greetings)
    random.Random(SEED).shuffle(mixed)  # noqa: S311 -- draws test data, nothing secret
    parts = [mixed[at::FOLDS] for at in range(FOLDS)]
    return [(learn([one for other in parts if other is not part for one in other]), part) for part in parts]


def check(parts: Sequence[tuple[Lesson, Sequence[Wording]]]) -> list[str]:
    """Lines that tell how often it errs on greetings it did not learn from."""
    tracks: list[tuple[bool, list[float]]] = []
    for lesson, greetings in parts:
        for one in greetings:
            pieces = [piece for piece in one.text.split() if split(piece)]
            texts = [" ".join(pieces[:count]) for count in range(SURE_WORDS, len(pieces) + 1)]
            people = [likelihoods(text, lesson)[AnsweredBy.PERSON] for text in texts]
            tracks.append((one.by is AnsweredBy.PERSON, people))
    return [
        *(_line("machine", bound, tracks, [1 - bound, 0]) for bound in MACHINE_FROM),
        *(_line("person", bound, tracks, [bound, 1]) for bound in PERSON_FROM),
    ]


def _line(what: str, bound: float, tracks: Sequence[tuple[bool, list[float]]], between: Sequence[float]) -> str:
    low, high = min(between), max(between)
    firsts = [
        (person, next((at for at, one in enumerate(track) if low <= one <= high), None)) for person, track in tracks
    ]
    people = [at for person, at in firsts if person]
    machines = [at for person, at in firsts if not person]
    right, wrong = (machines, people) if what == "machine" else (people, machines)
    hits = sorted(at + SURE_WORDS for at in right if at is not None)
    median = hits[len(hits) // 2] if hits else 0
    errs = sum(at is not None for at in wrong)
    return (
        f"{what} from {bound}: known {100 * len(hits) / len(right):.1f} % of {len(right)}, after {median} words (p50); "
        f"wrongly {100 * errs / len(wrong):.1f} % ({errs} of {len(wrong)})"
    )


def main() -> None:
    """Learn, or check."""
    greetings = wordings(TUNE)
    if "--check" in sys.argv[1:]:
        sys.stdout.write("\n".join(check(folds(greetings))) + "\n")
        return
    lesson = learn(greetings)
    weights = [f"{json.dumps(name)}: {[round(100 * one) for one in row]}" for name, row in lesson.weights.items()]
    words = json.dumps(sorted(lesson.words))
    text = '{{"words": {},\n"weights": {{\n{}\n}}}}\n'.format(words, ",\n".join(weights))
    Path(answer_words.__file__).with_suffix(".json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
