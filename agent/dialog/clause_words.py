"""Words that tell whether a clause is over, by language. Closed classes and a few frequent verbs; no topics.

Sources: the closed word classes as grammars list them (Quirk et al., A Comprehensive Grammar of the English Language;
Duden, Die Grammatik).
"""

from __future__ import annotations

from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class ClauseWords:
    """What the rules of `completeness` know of a language. All words in lower case."""

    hesitations: frozenset[str]
    """Said while one looks for words."""
    never_last: frozenset[str]
    """Nothing ends in these: articles, possessives, subject pronouns, coordinators, subordinators."""
    strandable: frozenset[str]
    """Prepositions and auxiliaries: the last word only of a question ("what is it for?") or a short answer ("I do")."""
    wants_object: frozenset[str]
    """Verbs and phrases' last words that want more, except in questions ("what do you need?")."""
    subordinators: frozenset[str]
    """A sentence that begins so and has one clause is half a sentence."""
    question_words: frozenset[str]
    subjects: frozenset[str]
    """Pronouns before the auxiliary of a short answer."""
    short_answers: frozenset[str]
    """They answer by themselves."""
    beside_answers: frozenset[str]
    """They stand beside such a word and are still the same answer."""
    closers: frozenset[str]
    """Words that mostly end a request."""
    number_words: dict[str, int]
    """Spoken digits and numbers → how many digits they stand for."""
    address_words: frozenset[str]
    """How the marks of an e-mail address are said."""
    finite_verbs: frozenset[str]
    """Frequent verb forms by which a clause shows that it has its verb."""


ENGLISH = ClauseWords(
    hesitations=_words("um uh uhm erm er hmm hm mm mhm ah eh"),
    never_last=_words(
        """a an the my your our their its every whose
        and or but nor because if unless until although though while whereas whether than as since
        i we they he she who which
        of from into onto upon during between among against toward towards via per without within despite regarding
        concerning except including i'm you're we're they're he's she's i'll you'll we'll they'll i've we've they've
        you've i'd we'd they'd you'd there's that's it's what's where's who's very quite rather mr mrs ms dr
        some any each another both either neither also just maybe perhaps please
        """
    )
    - _words("please"),
    strandable=_words(
        """to for with in on at by about over under after before through like off out up near around behind
        is are was were am be been being has have had do does did will would shall should can could may might must
        isn't aren't don't doesn't didn't won't wouldn't can't couldn't shouldn't not
        """
    ),
    wants_object=_words(
        """want wants wanted need needs needed get gets got give gives gave send sends put puts make makes made take
        takes bring buy let lets tell tells told ask asks say says said find keep use wondering trying going looking
        calling having getting making taking hoping planning wanting needing talking enter press dial add become seem
        seems mean means"""
    ),
    subordinators=_words("if when whenever because although though while before after since unless until once as"),
    question_words=_words("what when where which who whom whose why how what's where's who's how's"),
    subjects=_words("i you we they he she it that this there"),
    short_answers=_words(
        """yes yeah yep yup no nope nah okay ok sure right correct exactly absolutely definitely certainly fine good
        great perfect true wrong never always none nothing bye goodbye thanks cheers alright maybe
        indeed"""
    ),
    beside_answers=_words("that that's it it's i you of course very much not so all at it'll do is be fine sir madam"),
    closers=_words(
        """please thanks thank goodbye bye today tomorrow tonight now too either again anymore already ago instead
        possible available then there here though"""
    ),
    number_words={
        **dict.fromkeys(_words("zero oh o one two three four five six seven eight nine"), 1),
        **dict.fromkeys(
            _words("""ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty
            forty fifty sixty seventy eighty ninety"""),
            2,
        ),
        "hundred": 2,
        "thousand": 3,
        "double": 1,
        "triple": 2,
    },
    address_words=_words("at dot underscore dash hyphen"),
    finite_verbs=_words(
        """is are was were am be has have had do does did will would shall should can could may might must
        i'm you're we're they're he's she's it's that's there's what's i'll you'll we'll they'll i've we've they've
        i'd we'd you'd they'd isn't aren't don't doesn't didn't won't wouldn't can't couldn't shouldn't haven't hasn't
        want need like know think please let let's go come get give take make tell call see put"""
    ),
)

GERMAN = ClauseWords(
    hesitations=_words("äh ähm ähem hm hmm mhm öh öhm em ehm tja"),
    never_last=_words(
        """der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner
        mein meine meinen meinem meiner dein deine deinen ihre ihren ihrem ihrer unser unsere unseren unserem unserer
        seine seinen seinem seiner dieser diese diesen diesem jeder jede jeden jedem jedes
        und oder aber sondern denn weil wenn dass daß ob obwohl während bevor nachdem damit sobald falls als wie
        ich wir er man
        von aus bei mit nach seit zu zum zur für durch gegen ohne um über unter vor hinter neben zwischen in im ins am
        ans auf beim vom wegen trotz bis per pro sehr ganz etwa ungefähr herr frau doktor am dem"""
    ),
    strandable=_words(
        """an ab zu mit vor auf aus ist sind war waren bin bist hat haben habe hatte hatten wird werden würde würden
        kann können könnte konnte muss müssen soll sollen will wollen darf dürfen mag möchte möchten nicht"""
    ),
    wants_object=_words("brauche brauchen hätte hätten suche suchen gerne gern gebe nehme wollte wollten meine heiße"),
    subordinators=_words("wenn weil obwohl während bevor nachdem sobald falls als ob dass damit"),
    question_words=_words(
        "was wann wo wohin woher welche welcher welches welchen wer wem wen wessen warum wieso wie womit worum wieviel"
    ),
    subjects=_words("ich du sie wir er es das"),
    short_answers=_words(
        """ja jawohl jep nein nee ne doch okay ok klar genau richtig stimmt sicher natürlich gerne gern gut perfekt
        falsch nie niemals nichts tschüss danke vielleicht bitte passt"""
    ),
    beside_answers=_words("das das ist so es geht sehr sehr vielen schön gut ich habe für mich"),
    closers=_words("bitte danke tschüss wiederhören heute morgen jetzt auch dann da hier möglich frei noch"),
    number_words={
        **dict.fromkeys(_words("null eins ein zwei zwo drei vier fünf sechs sieben acht neun"), 1),
        **dict.fromkeys(
            _words("""zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig dreißig
            vierzig fünfzig sechzig siebzig achtzig neunzig"""),
            2,
        ),
        "hundert": 2,
        "tausend": 3,
        "doppel": 1,
    },
    address_words=_words("at ät klammeraffe punkt unterstrich bindestrich minus"),
    finite_verbs=_words(
        """ist sind war waren bin bist hat haben habe hatte wird werden würde kann können könnte muss müssen soll
        sollen will wollen darf dürfen mag möchte möchten geht gibt kommt brauche hätte wäre"""
    ),
)

BY_LANGUAGE: dict[str, ClauseWords] = {"en": ENGLISH, "de": GERMAN}
"""ISO 639-1 → words. Other languages are judged by punctuation and digits alone."""
