"""`bench machines`: how often people are taken for machines, machines for people, and how soon that is decided."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.asterisk.bundles import bundle
from agent.asterisk.recordings import hold_music
from agent.asterisk.recordings import voices as readers
from agent.bench.machines.ears import TimedEars
from agent.bench.machines.stage import stage
from agent.bench.machines.trial import Trial, percentile, try_out
from agent.bench.machines.voices import prepare_hibari, recorded, spoken, voices
from agent.bench.machines.wordings import MEASURE, Wording, wordings
from agent.domain.answered_by import AnsweredBy
from agent.ops.conditions import conditions
from agent.ops.report import Failure, Report, measured
from agent.rehearsal.wav import read_wav
from agent.settings import Settings
from agent.speech.stt import WyomingSpeechToText
from agent.speech.tts import WyomingTextToSpeech
from agent.testing.babble import babble
from agent.testing.measure import Pcm
from agent.workers.fleet import Fleet
from agent.workers.supervisor import Supervisor

RECORDED_VOICE = "recorded"
DEADLINE_S = 600.0
"""Of ears and mouth: nobody waits, and the machine may be busy."""
BACKGROUND_S = 20.0
MUSIC_BYTES = 320_000
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured."""

    use: str = MEASURE
    """Which wordings."""
    seed: int = 1
    """Of voices, moments, beeps and backgrounds."""
    ears_ms: float | None = None
    """What understanding is taken to need; None: what it needs."""
    swapped: bool = False
    """Negative control: greetings of machines count as those of people, and the other way round."""
    most: int | None = None
    """So many people, and so many machines, drawn by the seed; None: all."""


async def bench_machines(plan: Plan, folder: Path, *, command: str, progress: Progress) -> Report:
    """Let every greeting answer once. `folder` is for the model processes. Raises SetupError, ModelError."""
    settings = Settings.model_validate({"llm": {"base_url": "http://127.0.0.1:9/v1", "model": "none"}})
    fleet = Fleet(settings, folder)
    chance = random.Random(plan.seed)  # noqa: S311 -- draws test data, nothing secret
    report = Report(
        command,
        conditions(
            models={"stt": settings.stt.model, "tts": settings.tts.voice}, seed=plan.seed, wordings=plan.use,
            ears_ms_assumed=plan.ears_ms,
        ),
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        # No pulse: on a busy machine they would only seem to hang.
        workers = Supervisor(replace(spec, pulse=None) for spec in fleet.specs)
        stack.push_async_callback(workers.stop)
        await workers.start()
        ears = TimedEars(WyomingSpeechToText(fleet.stt_uri, DEADLINE_S), plan.ears_ms)
        says = voices(WyomingTextToSpeech(fleet.tts_uri, DEADLINE_S))
        behind = backgrounds()
        names = sorted(says)
        trials = []
        chosen = _drawn(wordings(plan.use), plan)
        whose = [
            RECORDED_VOICE if wording.prompts else names[(number + plan.seed) % len(names)]
            for number, wording in enumerate(chosen)
        ]
        await prepare_hibari([one.text for one, voice in zip(chosen, whose, strict=True) if voice == "hibari"])
        for number, (wording, voice) in enumerate(zip(chosen, whose, strict=True)):
            said = recorded(wording.prompts) if wording.prompts else await spoken(says[voice], wording.text)
            trials.append(await try_out(wording, stage(said, wording.by, chance, behind), ears, voice=voice))
            progress(f"{number + 1} of {len(chosen)}: {wording.by} taken for {trials[-1].taken_for}")
    judge(report, trials, swapped=plan.swapped)
    return report


def backgrounds() -> dict[str, Pcm]:
    """What may be behind somebody: many voices, or music. Blocks while recordings are fetched."""
    clips = [read_wav(one.path) for one in readers(bundle("voices"))[:8]]
    music = read_wav(hold_music(bundle("music"))[0])[:MUSIC_BYTES]
    return {"babble": babble(clips, BACKGROUND_S, seed=1), "music": music}


def judge(report: Report, trials: Sequence[Trial], *, swapped: bool = False) -> None:
    """Put the figures into the report."""
    people = [trial for trial in trials if _is_person(trial.wording) is not swapped]
    machines = [trial for trial in trials if _is_person(trial.wording) is swapped]
    taken_for_machines = [trial for trial in people if trial.taken_for.machine]
    taken_for_people = [trial for trial in machines if not trial.taken_for.machine]
    spoken_to = [trial for trial in machines if not trial.acted_by.machine]
    lost = [trial for trial in people if trial.ended_as.machine]
    missed = [trial for trial in machines if not trial.ended_as.machine]
    decided = [ms for trial in trials if (ms := trial.decided_after_ms) is not None]
    report.measures = [
        measured("machines.people_as_machines", _percent(taken_for_machines, people), count=len(people)),
        measured("machines.machines_as_people", _percent(taken_for_people, machines), count=len(machines)),
        measured("machines.people_as_machines_at_last", _percent(lost, people), count=len(people)),
        measured("machines.machines_spoken_to", _percent(spoken_to, machines), count=len(machines)),
        measured("machines.machines_as_people_at_last", _percent(missed, machines), count=len(machines)),
        measured("machines.decision_p50", percentile(decided, 0.5), count=len(decided)),
        measured("machines.decision_p95", percentile(decided, 0.95), count=len(decided)),
        measured("machines.person_p50", percentile(_times(people), 0.5), count=len(_times(people))),
        measured("machines.machine_p50", percentile(_times(machines), 0.5), count=len(_times(machines))),
        measured("machines.person_waits_p95", percentile(_waits(people), 0.95), count=len(_waits(people))),
        measured("machines.ears_p50", percentile([1000 * s for t in trials for s in t.looks_s], 0.5),
                 count=sum(len(trial.looks_s) for trial in trials)),
        measured("machines.undecided", len([t for t in trials if t.first is None]), count=len(trials)),
    ]  # fmt: skip
    report.failures = [
        Failure(f"{trial.wording.by} ({trial.voice}{', ' + trial.behind if trial.behind else ''})", _says(trial))
        for trial in (*taken_for_machines, *taken_for_people)
    ]
    report.details = {"confusions": _confusions(trials), "trials": [_row(trial) for trial in trials]}


def _drawn(all_of_them: Sequence[Wording], plan: Plan) -> list[Wording]:
    chance = random.Random(plan.seed)  # noqa: S311 -- draws test data, nothing secret
    people = [wording for wording in all_of_them if _is_person(wording)]
    machines = [wording for wording in all_of_them if not _is_person(wording)]
    most = plan.most or len(all_of_them)
    kept = [*chance.sample(people, min(most, len(people))), *chance.sample(machines, min(most, len(machines)))]
    return [wording for wording in all_of_them if wording in kept]


def _is_person(wording: Wording) -> bool:
    return wording.by is AnsweredBy.PERSON


def _percent(part: Sequence[Trial], whole: Sequence[Trial]) -> float | None:
    return 100 * len(part) / len(whole) if whole else None


def _times(trials: Sequence[Trial]) -> list[float]:
    return [ms for trial in trials if (ms := trial.decided_after_ms) is not None]


def _waits(trials: Sequence[Trial]) -> list[float]:
    """From the last word to where the agent would have spoken; 0 where that was before."""
    return [max(0, ms - trial.last_word_ms) for trial in trials if (ms := trial.may_speak_ms) is not None]


def _says(trial: Trial) -> str:
    heard = trial.first.heard if trial.first else ""
    corrected = f", then {trial.last.by}" if trial.last and trial.last is not trial.first else ""
    return f"taken for {trial.taken_for}{corrected}: heard {heard!r} of {trial.wording.text!r}"


def _confusions(trials: Sequence[Trial]) -> Mapping[str, int]:
    counts = Counter(f"{trial.wording.by} taken for {trial.taken_for}" for trial in trials)
    return dict(sorted(counts.items()))


def _row(trial: Trial) -> dict[str, Any]:
    return {
        "by": trial.wording.by, "text": trial.wording.text, "voice": trial.voice, "behind": trial.behind,
        "first": trial.first.to_dict() if trial.first else None, "acted_by": trial.acted_by.value,
        "may_speak_ms": trial.may_speak_ms, "last": trial.last.to_dict() if trial.last else None,
        "first_word_ms": trial.first_word_ms, "last_word_ms": trial.last_word_ms, "looks_s": list(trial.looks_s),
    }  # fmt: skip
