"""What callers say and utter while the agent speaks: real interruptions, and sounds that want no answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from agent.asterisk.recordings import Recording
from agent.bench.conversation.questions import question
from agent.bench.conversation.sounds import Deck, Sound, plain, recorded, spoken, tight
from agent.testing.cough import breath, cough, throat_clearing
from agent.testing.knock import door_slam, line_clicks, typing
from agent.testing.measure import Pcm

_OPENERS = (
    "Stop.", "Wait.", "Wait a moment.", "Hold on.", "Excuse me.", "Sorry.", "No, no.", "One second.", "Hang on.",
    "Can I interrupt you?", "Just a moment.", "Please stop.", "Hello?", "Listen.", "Enough.", "Stop it, please.",
)  # fmt: skip
_REQUESTS = (
    "That is not what I wanted to know.", "I only need the price.", "I have another question.", "I know that already.",
    "Could you say that again?", "You are talking too fast.", "I did not understand you.", "Let me ask something else.",
    "I would like to speak to a person.", "Can I book a tour?", "How much is it for two?", "What about Sunday?",
    "Is there a lift?", "My daughter is nine years old.", "I am calling about my order.", "Where do I leave my car?",
)  # fmt: skip
_BACKCHANNELS = (
    "Mm-hm.", "Uh-huh.", "Yeah.", "Okay.", "Right.", "I see.", "Yes.", "Mhm.", "Oh.", "Ah.", "Aha.", "Hmm.", "Sure.",
    "Yeah, yeah.", "Oh, okay.", "Okay, okay.", "Yep.", "All right.", "Got it.",
)  # fmt: skip
_VOCAL = ("Um.", "Uh.", "Ahem.", "Ha ha.", "Er.")
_NOISES: tuple[tuple[str, Callable[[np.random.Generator], Pcm]], ...] = (
    ("cough", cough), ("throat clearing", throat_clearing), ("breath", breath), ("door", door_slam),
    ("clicks", line_clicks), ("typing", typing),
)  # fmt: skip
COUGH_SHARE = 0.5
"""Of the noises half are coughs, the others share the rest."""
NOISE_SHARE, VOCAL_SHARE = 0.4, 0.1
"""Of all sounds that want no answer; the others are words such as "okay"."""
RECORDED_SHARE = 0.4
"""Of the interruptions."""
SHORTEST_S, LONGEST_S = 0.7, 5.0


async def interruptions(recordings: Sequence[Recording], count: int, chance: random.Random) -> list[Sound]:
    """Words that mean to stop the agent: recorded people and the test voice, from "Wait." to a sentence of 5 s."""
    people = Deck(plain(recordings), chance)
    lines: list[Recording | str] = [
        people.draw() if chance.random() < RECORDED_SHARE else _words(chance) for _ in range(count)
    ]
    voiced = iter(await spoken([one for one in lines if isinstance(one, str)], chance))
    return [_tight(next(voiced) if isinstance(one, str) else recorded(one)) for one in lines]


async def asides(count: int, chance: random.Random) -> list[Sound]:
    """Sounds that want no answer."""
    makers: list[Callable[[], Sound] | str] = []
    for _ in range(count):
        share = chance.random()
        if share < NOISE_SHARE:
            name, make = _NOISES[0] if chance.random() < COUGH_SHARE else chance.choice(_NOISES[1:])
            makers.append(partial(_noise, name, make, chance.randrange(1 << 32)))
        else:
            makers.append(chance.choice(_VOCAL if share < NOISE_SHARE + VOCAL_SHARE else _BACKCHANNELS))
    voiced = iter(await spoken([one for one in makers if isinstance(one, str)], chance))
    return [_tight(next(voiced)) if isinstance(one, str) else one() for one in makers]


def _noise(name: str, make: Callable[[np.random.Generator], Pcm], seed: int) -> Sound:
    return Sound(make(np.random.default_rng(seed)), "", name)


def _words(chance: random.Random) -> str:
    match chance.randrange(4):
        case 0:
            return chance.choice(_OPENERS)
        case 1:
            return chance.choice(_REQUESTS)
        case 2:
            return f"{chance.choice(_OPENERS)} {chance.choice(_REQUESTS)}"
        case _:
            return question(chance)


def _tight(sound: Sound) -> Sound:
    return Sound(tight(sound.pcm), sound.text, sound.origin)
