"""Decides who or what answered a call that we made: person, voicemail, menu, call screening. Pure.

Fed with what is heard from the answer on: whether there is speech, what was understood, beeps, and time by itself.

Policy, in the order in which it is decided:

1. **Beep.** A machine that is about to record.
2. **Words** that only machines say decide at once, while they are still being spoken: by a saying, unless the words as
   a whole are more likely a person's; or by the words as a whole, where they are a machine's almost for sure.
3. **Words** that only people say, or begin with ("Yes, ..."), do the same, once both ways say so, or one of them twice
   in a row: of a beginning, and behind music, ears make something else.
4. **Silence** after speech is a person who waits for us, and must not wait for long. How long it has to be depends on
   what was said: "Hello?" and what people say to us ("how can I help you?") need the least; "Thank you for calling
   Miller and Sons." goes on with a menu as often as with a question; who "cannot come to the telephone" may be about
   to name the tone.
5. **Speech that goes on** for longer than anybody answers a telephone with is a machine's, unless words tell otherwise.
6. **Nobody speaks**: nothing can be decided, and we begin.

A first decision that it is a person, or none, may be corrected by 1 and 2 for a while: a machine pauses, too. Who is a
person need not have finished: `waits_for_us` tells when they have, by the silences of 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.dialog.answer_cues import Cue, count_words, cues
from agent.dialog.answer_words import asks, judged
from agent.domain.answered_by import Answer, AnsweredBy, AnswerRule


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in milliseconds."""

    nothing_said: int = 2000
    noise: int = 160
    """Less speech is none."""
    greeted: int = 250
    """Silence after words that people say to us."""
    short: int = 400
    """After a few words: "Hello." """
    slow: int = 600
    """After a few that machines begin with as well ("Hi, this is Tom."), or that were said slowly."""
    unknown: int = 700
    """After little speech of which nothing was understood at all yet."""
    unheard: int = 900
    """The same, where the end of it was not."""
    longer: int = 900
    """After more words than that."""
    absent: int = 1300
    """After "she is not here right now"."""
    business: int = 1400
    """After "thank you for calling"."""
    stalled: int = 1000
    """Sound that seems to be speech, and in which no further word is understood: it is what is behind them."""
    went_on: int = 7500
    """Speech, pauses left out, after which it is a machine."""
    correct: int = 9000
    """So long after the first decision words correct it,"""
    goes_on: int = 1500
    """of who goes on speaking so soon after it: a machine does not wait for what we say."""
    beep: int = 40_000
    """Until so long after the answer a beep does."""
    first_look: int = 540
    """Sound since speech began, after which it is understood for the first time."""
    next_look: int = 200
    """And so much more for each further time."""
    later_look: int = 2000
    """The same once a decision was made."""


PAUSE_MS = 64
"""Silence in which understanding begins, so that it is done when enough of it has passed."""
SHORT_MS, SLOW_MS, SHORT_WORDS = 1700, 2400, 5
"""A short answer, and one that was said slowly: "Hello?", "Yes, Peter Miller speaking."."""
ABSENT_WORDS, ABSENT_MS = 9, 2600
"""Who goes on for so long about somebody who is not there is a machine."""
SURE_WORDS = 3
"""Of fewer words it is not believed while they are spoken that only people say them: ears guess at a beginning."""
MACHINE_FROM, PERSON_FROM = 0.98, 0.95
"""Words that are so likely a machine's, or a person's, decide without a saying."""
MACHINE_SAYING, PERSON_SAYING = 0.65, 0.5
"""A saying counts only where the words as a whole are so likely of those whose it is."""
LEANS_TO_MACHINE, LEANS_TO_PERSON = 0.6, 0.75
"""Who is a machine so likely is waited for as long as one that thanks for the call; a person, for a short while."""
_MACHINES = (
    (Cue.MAILBOX_FULL, AnsweredBy.MAILBOX_FULL),
    (Cue.CALL_SCREENING, AnsweredBy.CALL_SCREENING),
    (Cue.VOICEMAIL, AnsweredBy.VOICEMAIL),
    (Cue.IVR, AnsweredBy.IVR),
)
_PEOPLE = frozenset({Cue.PERSON, Cue.PERSON_ONLY, Cue.INTRODUCTION})
_FINAL = frozenset({AnsweredBy.MAILBOX_FULL, AnsweredBy.IVR, AnsweredBy.CALL_SCREENING})


Judge = Callable[[str], Mapping[AnsweredBy, float] | None]
"""Tells how likely words are whose; None: it cannot, as in another language."""


class AnswerDetector:
    """The beginning of one call. Each input returns a decision where it makes one, the first or a corrected one."""

    def __init__(self, patience: Patience | None = None, judge: Judge = judged) -> None:
        self._patience = patience or Patience()
        self._judge = judge
        self._likely: Mapping[AnsweredBy, float] | None = None
        self._now_ms = 0
        self._began_ms: int | None = None
        self._last_speech_ms = 0
        self._speech_ms = 0
        self._text = ""
        self._found: frozenset[Cue] = frozenset()
        """In the text."""
        self._heard_until_ms = 0
        self._new_words_ms = 0
        self._looked_until_ms = 0
        self._settled = False
        self._waits_ms: int | None = None
        self._seems_person = False
        """By what was understood last."""
        self._went_on = False
        """Somebody spoke after it was decided that it is a person."""
        self.answer: Answer | None = None
        """As it stands; None: not decided."""

    @property
    def began_ms(self) -> int | None:
        """When speech began."""
        return self._began_ms

    @property
    def last_speech_ms(self) -> int:
        """End of the last speech; 0: there was none."""
        return self._last_speech_ms

    @property
    def text(self) -> str:
        """All that was understood."""
        return self._text

    @property
    def open(self) -> bool:
        """Whether a decision is still to come, or may be corrected."""
        return not self._settled and not (self.answer and self.answer.by in _FINAL) and self._in_time

    @property
    def waits_for_us(self) -> bool:
        """Whether a person has come to an end of what they said first: it is for us to speak."""
        return self._waits_ms is not None and self._is(AnsweredBy.PERSON)

    @property
    def quiet_ms(self) -> int:
        """Silence up to now."""
        return self._now_ms - self._last_speech_ms

    def settle(self) -> None:
        """The other side took part in a conversation: nothing corrects the decision any more."""
        self._settled = True

    def hear(self, speech: bool, window_ms: int) -> Answer | None:
        """Take the next window of sound."""
        self._now_ms += window_ms
        if speech:
            self._note_who_waited()
            if self._began_ms is None:
                self._began_ms = self._now_ms - window_ms
            self._speech_ms += window_ms
            self._last_speech_ms = self._now_ms
        elif self._began_ms is not None and self._speech_ms < self._patience.noise and self.quiet_ms > 400:
            self._began_ms, self._speech_ms = None, 0  # a click, a breath
        return self._by_time() if self.open else None

    def understood(self, text: str, until_ms: int) -> Answer | None:
        """These are all words from the first speech to `until_ms`."""
        found = cues(text)
        if not self._new_words_ms or found != self._found or count_words(text) > count_words(self._text):
            self._new_words_ms = until_ms
        self._text, self._found, self._heard_until_ms = text, found, until_ms
        self._likely = self._judge(text)
        if not self.open:
            return None
        return self._by_words() or self._by_time()

    def beep(self, ended_ms: int) -> Answer | None:
        """There was one."""
        if self.open and self._now_ms <= self._patience.beep and not self._is(AnsweredBy.VOICEMAIL):
            return self._decide(AnsweredBy.VOICEMAIL, AnswerRule.BEEP, beep_ms=ended_ms)
        return None

    def wants_look(self) -> bool:
        """Whether what was said since the last time is worth understanding now; asked after each window."""
        if self._began_ms is None or not self.open or self._last_speech_ms <= self._looked_until_ms:
            return False
        first = self._looked_until_ms == 0
        patience = self._patience
        listens = self.answer is None or (self._is(AnsweredBy.PERSON) and not self.waits_for_us)
        next_ms = patience.next_look if listens else patience.later_look
        due_ms = patience.first_look if first else next_ms
        since_ms = self._now_ms - (self._began_ms if first else self._looked_until_ms)
        return self._speech_ms >= self._patience.noise and (since_ms >= due_ms or self.quiet_ms >= PAUSE_MS)

    def looks(self) -> int:
        """What was said until now is being understood; returns until when (ms)."""
        self._looked_until_ms = self._now_ms
        return self._now_ms

    def _note_who_waited(self) -> None:
        """Who lets us speak first is no machine that had paused."""
        if self._is(AnsweredBy.PERSON) and not self._went_on and self._waits_ms is not None:
            self._went_on = True
            self._settled = self._settled or self._since_ms > self._patience.goes_on

    @property
    def _since_ms(self) -> int:
        """Time since it was for us to speak; 0: it is not."""
        return 0 if self._waits_ms is None else self._now_ms - self._waits_ms

    @property
    def _in_time(self) -> bool:
        answer = self.answer
        if answer is None or not (answer.by.machine or self.waits_for_us):
            return True
        return self._now_ms - answer.decided_ms <= self._patience.correct or self._now_ms <= self._patience.beep

    @property
    def _all_heard(self) -> bool:
        return self._heard_until_ms >= self._last_speech_ms

    def _is(self, by: AnsweredBy) -> bool:
        return self.answer is not None and self.answer.by is by

    def _by_words(self) -> Answer | None:
        by = self._machine_by_saying() or self._machine_by_words()
        if by is not None:
            return self._decide(by, AnswerRule.WORDS)
        undecided = self.answer is None or self._is(AnsweredBy.UNCERTAIN)
        seemed, self._seems_person = self._seems_person, self._is_a_person_s()
        twice = self._seems_person and (seemed or self._both_say_person())
        sure = twice and count_words(self._text) >= SURE_WORDS
        return self._decide(AnsweredBy.PERSON, AnswerRule.WORDS) if undecided and sure else None

    def _machine_by_saying(self) -> AnsweredBy | None:
        if self._person is not None and 1 - self._person < MACHINE_SAYING:
            return None
        found = self._found
        for cue, by in _MACHINES:
            if cue in found and not self._is(by) and self._may_become(by):
                if by in {AnsweredBy.VOICEMAIL, AnsweredBy.IVR} and Cue.PERSON in found and asks(self._text):
                    continue
                return by
        absent = Cue.ABSENT in found and not found & _PEOPLE and self._may_become(AnsweredBy.VOICEMAIL)
        goes_on = count_words(self._text) >= ABSENT_WORDS and self._speech_ms >= ABSENT_MS
        return AnsweredBy.VOICEMAIL if absent and goes_on and not self._is(AnsweredBy.VOICEMAIL) else None

    def _machine_by_words(self) -> AnsweredBy | None:
        """The machine that the words are almost surely of, as a whole."""
        likely = self._likely
        if likely is None or count_words(self._text) < SURE_WORDS:
            return None
        by = max((one for one in likely if one.machine), key=likely.__getitem__)
        if by is AnsweredBy.MAILBOX_FULL and likely[by] < MACHINE_FROM:
            by = AnsweredBy.VOICEMAIL
        sure = 1 - likely[AnsweredBy.PERSON] >= MACHINE_FROM and not self._is(by) and self._may_become(by)
        return by if sure else None

    def _is_a_person_s(self) -> bool:
        if self._person is None:
            return Cue.PERSON_ONLY in self._found
        return self._person >= (PERSON_SAYING if Cue.PERSON_ONLY in self._found else PERSON_FROM)

    def _both_say_person(self) -> bool:
        """A saying and the words as a whole, each by itself."""
        return Cue.PERSON_ONLY in self._found and self._person is not None and self._person >= PERSON_FROM

    @property
    def _person(self) -> float | None:
        """How likely the words are a person's; None: they are not judged."""
        return None if self._likely is None else self._likely[AnsweredBy.PERSON]

    def _may_become(self, by: AnsweredBy) -> bool:
        answer = self.answer
        if answer is None or answer.by is AnsweredBy.UNCERTAIN:
            return True
        if answer.by is AnsweredBy.VOICEMAIL:
            return by is AnsweredBy.MAILBOX_FULL
        return answer.by is AnsweredBy.PERSON and self._since_ms <= self._patience.correct

    def _by_time(self) -> Answer | None:
        if self._waits_ms is not None or (self.answer and self.answer.by.machine):
            return None
        nobody_yet = self._began_ms is None and self._now_ms >= self._patience.nothing_said
        if self.answer is None and (nobody_yet or self._no_words):
            return self._decide(AnsweredBy.UNCERTAIN, AnswerRule.NOTHING_SAID)
        if self._began_ms is None or self._speech_ms < self._patience.noise or self._no_words:
            return None
        return self._by_speech()

    def _by_speech(self) -> Answer | None:
        known = self._is(AnsweredBy.PERSON)
        if self._speech_ms >= self._patience.went_on and not known and not self._found & _PEOPLE:
            return self._decide(AnsweredBy.VOICEMAIL, AnswerRule.WENT_ON)
        if self.quiet_ms >= self._wanted_quiet_ms() or self._stalled:
            self._waits_ms = self._now_ms
            short = self._speech_ms <= SHORT_MS
            rule = AnswerRule.SHORT_ANSWER if short else AnswerRule.QUIET_AFTER_SPEECH
            return None if known else self._decide(AnsweredBy.PERSON, AnswerRule.WORDS if self._greets_us else rule)
        return None

    def _wanted_quiet_ms(self) -> int:
        patience = self._patience
        short = self._speech_ms <= SHORT_MS
        if not self._text or (not self._all_heard and self._heard_until_ms <= self._new_words_ms):
            little = patience.unheard if self._text else patience.unknown
            return little if short else patience.business
        if self._greets_us:
            return patience.greeted
        person = 0.5 if self._person is None else self._person
        if person >= LEANS_TO_PERSON:
            return patience.short
        if Cue.BUSINESS in self._found or 1 - person >= LEANS_TO_MACHINE:
            return patience.business
        return patience.absent if Cue.ABSENT in self._found else self._unmarked_quiet_ms(short=short)

    def _unmarked_quiet_ms(self, *, short: bool) -> int:
        """Where nothing in the words asks for more or less."""
        patience = self._patience
        named = Cue.NAMED in self._found
        if self._speech_ms > SLOW_MS or count_words(self._text) > SHORT_WORDS or (named and not short):
            return patience.longer
        return patience.short if short and not named else patience.slow

    @property
    def _stalled(self) -> bool:
        """Whether what goes on seems to be speech, and is none that we understand; see Patience."""
        since_ms = self._heard_until_ms - self._new_words_ms
        return bool(self._text) and since_ms >= self._patience.stalled + self._wanted_quiet_ms() - self._patience.short

    @property
    def _no_words(self) -> bool:
        """Whether what seems to be speech goes on, and is none: noise or music."""
        return not self._text and self._heard_until_ms > 0 and self._speech_ms >= self._patience.nothing_said

    @property
    def _greets_us(self) -> bool:
        found = self._found
        return Cue.PERSON in found or asks(self._text) or (Cue.INTRODUCTION in found and Cue.ABSENT not in found)

    def _decide(self, by: AnsweredBy, rule: AnswerRule, *, beep_ms: int | None = None) -> Answer:
        self.answer = Answer(by, rule, self._now_ms, self._text, self._began_ms, self._speech_ms, beep_ms)
        return self.answer
