"""What words mean that a caller says while the agent talks: do they want the turn? Pure."""

from __future__ import annotations

import re

_NOT_A_WORD = re.compile(r"[^\w']+", re.UNICODE)

# fmt: off
_BACKCHANNELS: dict[str, frozenset[str]] = {
    "en": frozenset({
        "mm hm", "mm hmm", "uh huh", "uh", "um", "ah", "aha", "ahh", "oh", "ooh", "eh", "yeah", "yep", "yup", "yes",
        "okay", "ok", "right", "sure", "i see", "got it", "all right", "alright", "good", "great", "fine", "mm okay",
        "oh okay", "oh i see", "ah okay", "ah i see", "okay yeah", "yeah yeah", "yes yes", "yeah okay", "okay okay",
        "ok ok", "right right", "uh okay", "oh yeah", "ha", "haha", "wow", "nice", "cool", "of course", "exactly",
        "true", "makes sense", "ha ha", "ha ha ha",
    }),
    "de": frozenset({
        "aha", "ah", "ach", "ach so", "achso", "oh", "äh", "ähm", "ja", "jaja", "ja ja", "jo", "okay", "ok", "gut",
        "genau", "richtig", "stimmt", "klar", "verstehe", "ich verstehe", "alles klar", "na gut", "schön", "super",
        "prima", "so so", "ja gut", "ja okay", "okay ja", "mhm ja", "ja genau", "eben",
    }),
    "fr": frozenset({"ah", "oui", "ouais", "d'accord", "ok", "okay", "je vois", "bien", "voilà"}),
    "es": frozenset({"ah", "sí", "si", "ya", "vale", "ok", "okay", "claro", "bien", "entiendo"}),
    "it": frozenset({"ah", "sì", "si", "ok", "okay", "va bene", "certo", "capisco", "giusto"}),
}
# fmt: on
"""What people say to show that they listen, without wanting the word. Any language: sounds of no letter but m, h, u."""

# fmt: off
_STOPPERS: dict[str, frozenset[str]] = {
    "en": frozenset({
        "no", "nope", "stop", "wait", "hold", "hello", "hi", "hey", "sorry", "pardon", "excuse", "what", "why", "how",
        "when", "where", "who", "which", "help", "operator", "human", "agent", "repeat", "again", "listen", "enough",
        "cancel", "wrong", "but", "never", "quiet", "slower", "louder", "goodbye", "bye", "thanks", "hang", "second",
        "sec", "minute", "moment", "please", "not", "don't", "can't", "question",
    }),
    "de": frozenset({
        "nein", "nee", "stopp", "stop", "halt", "warte", "warten", "moment", "hallo", "entschuldigung", "pardon", "was",
        "wie", "wann", "wo", "wer", "warum", "welche", "hilfe", "bitte", "nochmal", "falsch", "aber", "ruhe", "lauter",
        "langsamer", "tschüss", "danke", "genug", "sekunde", "augenblick", "nicht", "frage", "kein", "keine",
    }),
}
# fmt: on
"""Words that are said to get the word, alone or in a breath."""
SHORT_MS = 500
"""Speech so short without any of them is a sign of listening, whatever was understood: an "uh-huh" lasts 350 to
480 ms and becomes "Good health"; requests last longer."""

_HUM = re.compile(r"[mhu]+")
ECHO_WORDS = 4
"""From so many words on, words that the agent is just saying are its own, come back through the caller's telephone."""
ECHO_SHARE = 0.8


def is_backchannel(text: str, language: str) -> bool:
    """Whether `text` only shows that the caller listens."""
    words = _words(text)
    known = _BACKCHANNELS.get(language, _BACKCHANNELS["en"])
    return all(_HUM.fullmatch(word) for word in words) or " ".join(words) in known


def is_echo(text: str, agent_text: str) -> bool:
    """Whether `text` is what the agent itself says, in the same order but for a few words heard wrongly."""
    heard, said = _words(text), _words(agent_text)
    if len(heard) < ECHO_WORDS:
        return False
    row = [0] * (len(said) + 1)  # longest common subsequence, row by row
    for word in heard:
        before = 0
        for at, other in enumerate(said, start=1):
            above = row[at]
            row[at] = before + 1 if word == other else max(row[at], row[at - 1])
            before = above
    return row[-1] >= ECHO_SHARE * len(heard)


def takes_the_turn(text: str, *, speech_ms: int, language: str, agent_text: str) -> bool:
    """Whether words said while the agent talks are meant to stop it.

    `speech_ms`: how long they lasted, pauses left out. `agent_text`: what it says. After a question of the agent's,
    "yes" is an answer and not a backchannel. A single word, or what took less than SHORT_MS, does not stop it unless it
    has a word that people stop others with: that is what recognisers make of a cough, "Mum" of an "mm-hm".
    """
    words = _words(text)
    if not words or is_echo(text, agent_text):
        return False
    hums_only = all(_HUM.fullmatch(word) for word in words)
    answers = agent_text.rstrip().endswith("?") and not hums_only
    stoppers = _STOPPERS.get(language)
    is_stray = (len(words) == 1 or speech_ms < SHORT_MS) and stoppers is not None and stoppers.isdisjoint(words)
    return answers or not (is_backchannel(text, language) or is_stray)


def _words(text: str) -> list[str]:
    return [word for word in _NOT_A_WORD.split(text.lower()) if word]
