"""Whether what the caller has said so far sounds finished, judged by its words alone. Pure.

The recogniser hears only the part before the pause, and writes a full stop or a capital letter after nearly anything:
so a full stop proves nothing, while its absence, a comma and an ellipsis do tell something. Half of all sentences cut
in the middle are whole sentences on paper ("What does it cost" "to send a parcel?"): no rule about words can know. The
recogniser's ears do better; `end_wait` puts both together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from agent.dialog.asked import Asked, asked_by
from agent.dialog.clause_words import BY_LANGUAGE, ClauseWords
from agent.dialog.dictation import Dictated, dictated


class Completeness(StrEnum):
    """How finished a turn sounds, from the most to the least."""

    ANSWER = "answer"
    """It answers what the agent asked, and no more is needed."""
    COMPLETE = "complete"
    UNSURE = "unsure"
    """It may be a sentence or the beginning of a longer one."""
    UNFINISHED = "unfinished"
    """A clause is open: something must follow."""
    DICTATING = "dictating"
    """Digits, letters or an address are being given piece by piece."""


FEWEST_WORDS = 4
"""A turn of fewer words that is no answer is mostly the beginning of a longer one."""
LONGEST_SHORT_ANSWER = 4
"""Words of a turn that can be an answer by itself, such as "yes, that's right"."""

_TOKEN = re.compile(r"[^\W_]+(?:['’.@-][^\W_]+)*|@")
_TRAILING_OFF = ("...", "…", ",", "-", "–", "—", ":", ";")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_])")
_QUESTION_LAST = re.compile(r"\?[\"'”»)]*$")


@dataclass(frozen=True, slots=True)
class _Said:
    """The last sentence, prepared."""

    text: str
    """In lower case, all sentences."""
    words: tuple[str, ...]
    """Of the last sentence."""
    is_whole_turn: bool
    """There is only one sentence."""
    is_question: bool
    ends_a_sentence: bool
    """The recogniser wrote a full stop, a question mark or an exclamation mark."""


def judge(words: str, *, language: str, agent_words: str = "") -> Completeness:
    """How finished `words` sound, the transcript of the caller's turn so far.

    `language` is ISO 639-1, its region ignored; `agent_words` is what the agent said last, which may have asked for
    something. The first rule that applies decides:

    1. Nothing understood: unsure.
    2. A number, a date of birth, an e-mail address or a spelling, asked for or begun: dictating until it is whole,
       then complete.
    3. It trails off (comma, dash, ellipsis, a hesitation): unfinished.
    4. A word or two where no more was asked for, or nothing but an answer ("yes, please"): an answer.
    5. Its last word cannot end a clause here: unfinished.
    6. It is only the beginning of a sentence ("if I come tomorrow"): unfinished.
    7. A few words that are no known answer, or no mark after the last one: unsure.
    8. A question, a verb, or a word that mostly ends a request: complete. All else: unsure.
    """
    text = " ".join(words.lower().replace("’", "'").split())
    tokens = tuple(_TOKEN.findall(text))
    if not tokens:
        return Completeness.UNSURE
    vocabulary = BY_LANGUAGE.get(language.lower()[:2])
    asked = asked_by(agent_words, language)
    dictation = dictated(text, tokens, vocabulary, asked)
    if dictation is not Dictated.NOTHING:
        return Completeness.COMPLETE if dictation is Dictated.WHOLE else Completeness.DICTATING
    if text.endswith(_TRAILING_OFF):
        return Completeness.UNFINISHED
    if vocabulary is None:
        return Completeness.COMPLETE if text[-1] in ".!?。？！" else Completeness.UNSURE
    return _judge_clause(_last_sentence(text), vocabulary, asked)


def _judge_clause(said: _Said, vocabulary: ClauseWords, asked: Asked) -> Completeness:
    wants_a_word = asked in {Asked.CHOICE, Asked.DETAIL}
    is_a_word = (
        said.is_whole_turn and len(said.words) <= LONGEST_SHORT_ANSWER and not _is_open_at_its_end(said, vocabulary)
    )
    if wants_a_word and is_a_word:
        return Completeness.ANSWER
    if _is_short_answer(said, vocabulary):
        return Completeness.UNSURE if asked is Asked.NOTHING else Completeness.ANSWER
    if _is_open_at_its_end(said, vocabulary) or _is_half_a_sentence(said, vocabulary):
        return Completeness.UNFINISHED
    is_fragment = said.is_whole_turn and len(said.words) < FEWEST_WORDS
    if is_fragment or not said.ends_a_sentence:
        return Completeness.UNSURE
    has_verb = any(word in vocabulary.finite_verbs for word in said.words)
    sounds_whole = said.is_question or has_verb or said.words[-1] in vocabulary.closers
    return Completeness.COMPLETE if sounds_whole else Completeness.UNSURE


def _last_sentence(text: str) -> _Said:
    sentences = [sentence for sentence in _SENTENCE.split(text) if _TOKEN.search(sentence)]
    last = sentences[-1]
    return _Said(
        text=text,
        words=tuple(_TOKEN.findall(last)),
        is_whole_turn=len(sentences) == 1,
        is_question=bool(_QUESTION_LAST.search(last)),
        ends_a_sentence=last.rstrip("\"'”»)")[-1:] in {".", "!", "?"},
    )


def _is_short_answer(said: _Said, vocabulary: ClauseWords) -> bool:
    words = said.words
    if len(words) > LONGEST_SHORT_ANSWER or not said.is_whole_turn:
        return False
    if words[0] not in vocabulary.short_answers:
        return False
    if len(words) >= 3 and words[-2] in vocabulary.subjects and words[-1] in vocabulary.strandable:
        return True
    beside = vocabulary.short_answers | vocabulary.closers | vocabulary.beside_answers
    is_nothing_else = all(word in beside for word in words)
    return is_nothing_else and not _is_open_at_its_end(said, vocabulary)


def _is_open_at_its_end(said: _Said, vocabulary: ClauseWords) -> bool:
    last, words = said.words[-1], said.words
    if last in vocabulary.hesitations or last in vocabulary.never_last:
        return True
    if last not in vocabulary.strandable and last not in vocabulary.wants_object:
        return False
    asks = any(word in vocabulary.question_words for word in words[:-1])
    is_echo = len(words) == 2 and words[0] in vocabulary.subjects
    return not (asks or (is_echo and last in vocabulary.strandable))


def _is_half_a_sentence(said: _Said, vocabulary: ClauseWords) -> bool:
    begins_below = said.words[0] in vocabulary.subordinators and not said.is_question
    has_second_clause = "," in said.text or sum(word in vocabulary.finite_verbs for word in said.words) > 1
    return begins_below and not has_second_clause
