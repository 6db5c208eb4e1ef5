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
DIGITS_OF_A_NUMBER = 10
"""A telephone number has so many digits in North America, and about as many elsewhere (ITU-T E.164 allows 15)."""
FEWEST_DIGITS = 3
"""So many digits or letters one after the other are dictation even where none was asked for."""

_TOKEN = re.compile(r"[^\W_]+(?:['’.@-][^\W_]+)*|@")
_TRAILING_OFF = ("...", "…", ",", "-", "–", "—", ":", ";")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_])")
_DOMAIN = re.compile(
    r"(?:\b(?:dot|punkt)\s+|[\w-]\.)(?:com|net|org|edu|gov|info|biz|io|de|at|ch|eu|uk|us|ca|au|fr|es)$"
)
_LETTERS = re.compile(r"^(?:[^\W\d_]-)*[^\W\d_]$")
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
    2. A number, an e-mail address or a spelling, asked for or begun: dictating until it can be whole.
    3. It trails off (comma, dash, ellipsis, a hesitation): unfinished.
    4. Short and nothing but an answer ("yes, please"): an answer, if there was something to answer.
    5. Its last word cannot end a clause here: unfinished.
    6. It is only the beginning of a sentence ("if I come tomorrow"): unfinished.
    7. A few words that answer no question, or no mark after the last one: unsure.
    8. A question, a verb, or a word that mostly ends a request: complete. All else: unsure.
    """
    text = " ".join(words.lower().replace("’", "'").split())
    tokens = tuple(_TOKEN.findall(text))
    if not tokens:
        return Completeness.UNSURE
    vocabulary = BY_LANGUAGE.get(language.lower()[:2])
    asked = asked_by(agent_words, language)
    dictation = _judge_dictation(text, tokens, vocabulary, asked)
    if dictation is not None:
        return dictation
    if text.endswith(_TRAILING_OFF):
        return Completeness.UNFINISHED
    if vocabulary is None:
        return Completeness.COMPLETE if text[-1] in ".!?。？！" else Completeness.UNSURE
    return _judge_clause(_last_sentence(text), vocabulary, asked)


def _judge_clause(said: _Said, vocabulary: ClauseWords, asked: Asked) -> Completeness:
    if _is_short_answer(said, vocabulary):
        return Completeness.UNSURE if asked is Asked.NOTHING else Completeness.ANSWER
    if _is_open_at_its_end(said, vocabulary) or _is_half_a_sentence(said, vocabulary):
        return Completeness.UNFINISHED
    is_fragment = said.is_whole_turn and len(said.words) < FEWEST_WORDS and asked is Asked.NOTHING
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


def _judge_dictation(
    text: str, tokens: tuple[str, ...], vocabulary: ClauseWords | None, asked: Asked
) -> Completeness | None:
    """None where nothing is being dictated."""
    digits = _trailing_digits(tokens, vocabulary)
    letters = _trailing_letters(tokens)
    bare = text.rstrip(".!?,… ")
    at_words = vocabulary.at_words if vocabulary else frozenset[str]()
    if asked is Asked.EMAIL or "@" in tokens:
        return Completeness.ANSWER if _DOMAIN.search(bare) else Completeness.DICTATING
    if asked is Asked.NUMBER and (digits or tokens[-1] in at_words):
        return Completeness.ANSWER if digits >= DIGITS_OF_A_NUMBER else Completeness.DICTATING
    if digits >= DIGITS_OF_A_NUMBER:
        return Completeness.COMPLETE
    if (digits >= FEWEST_DIGITS and not _is_one_number(tokens)) or letters >= FEWEST_DIGITS:
        return Completeness.DICTATING
    if asked is Asked.SPELLING and (letters or digits):
        return Completeness.DICTATING
    return None


def _is_one_number(tokens: tuple[str, ...]) -> bool:
    """A year, a price or a house number: one group of digits, not the first of several."""
    return tokens[-1].isdigit() and len(tokens) > 1 and not tokens[-2].isdigit()


def _trailing_digits(tokens: tuple[str, ...], vocabulary: ClauseWords | None) -> int:
    """Digits at the end of the turn, spoken or written."""
    spoken = vocabulary.number_words if vocabulary else {}
    count = 0
    for token in reversed(tokens):
        figures = sum(character.isdigit() for character in token)
        if not figures and token not in spoken:
            break
        count += figures or spoken[token]
    return count


def _trailing_letters(tokens: tuple[str, ...]) -> int:
    """Single letters at the end of the turn, as in "b r o" or "b-r-o"."""
    count = 0
    for token in reversed(tokens):
        if not _LETTERS.match(token):
            break
        count += len(token.split("-"))
    return count


def _is_short_answer(said: _Said, vocabulary: ClauseWords) -> bool:
    words = said.words
    if len(words) > LONGEST_SHORT_ANSWER or not said.is_whole_turn:
        return False
    if words[0] not in vocabulary.short_answers:
        return False
    last_is_fine = words[-1] not in vocabulary.never_last and words[-1] not in vocabulary.hesitations
    is_echo = len(words) >= 3 and words[-2] in vocabulary.subjects and words[-1] in vocabulary.strandable
    return is_echo or (last_is_fine and words[-1] not in vocabulary.strandable)


def _is_open_at_its_end(said: _Said, vocabulary: ClauseWords) -> bool:
    last, words = said.words[-1], said.words
    if last in vocabulary.hesitations or last in vocabulary.never_last:
        return True
    if last not in vocabulary.strandable and last not in vocabulary.wants_object:
        return False
    asks = any(word in vocabulary.question_words for word in words[:-1])
    is_echo = 2 <= len(words) <= LONGEST_SHORT_ANSWER and words[-2] in vocabulary.subjects
    return not (asks or (is_echo and last in vocabulary.strandable))


def _is_half_a_sentence(said: _Said, vocabulary: ClauseWords) -> bool:
    begins_below = said.words[0] in vocabulary.subordinators and not said.is_question
    has_second_clause = "," in said.text or sum(word in vocabulary.finite_verbs for word in said.words) > 1
    return begins_below and not has_second_clause
