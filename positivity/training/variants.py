"""New texts made from tweets, for a teacher to label.

A student that sees its teacher's answers on near relatives of the labelled tweets learns where the
borders run, not just which side each tweet is on (Tang et al. 2019, "Distilling task-specific
knowledge from BERT into simple neural networks").
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

_REPLACED = 0.15  # share of the words that another one takes the place of, or nothing
_SHORTEST, _LONGEST = 3, 14  # words of a span
_SHORTEST_PHRASE, _LONGEST_PHRASE = 2, 10  # words
_PLAIN = 0.35  # share of the phrases that nothing denies
_CLAUSE_ENDS = re.compile(r"[.!?,;:()\"…]+|\s-+\s|\b(?:but|because|and)\b")
# What denies a clause, in the place of its subject or before it; and what denies other words.
_DENIED_SUBJECTS = ("nobody", "no one", "hardly anyone", "none of us", "neither of them")
_DENIED_CLAUSES = (
    *("i don't think", "i don't believe", "i doubt", "i wouldn't say", "i can't say"),
    *("nobody says", "nobody thinks", "it isn't true that", "not that", "never have i thought"),
)
_DENIED_WORDS = (
    *("not", "never", "no longer", "not even", "not exactly", "by no means", "no", "without"),
    *("hardly", "barely", "rarely", "seldom", "not at all", "nothing", "none of the"),
)
# What may stand between a denial and what it denies.
_ASIDES = (
    *("to be fair", "after all these years", "even on a good day", "for what it cost", "frankly"),
    *("with all that hype", "as far as i can see", "despite the reviews", "in my whole life"),
    *("for one second", "whatever the adverts say", "in any way", "if you ask me", "by now"),
)
_FAR_DENIALS = (
    *("nobody", "no one", "i can't", "i don't", "we won't", "you will not", "they never", "never"),
    *("it is not", "that was not", "hardly anybody", "few people", "i refuse to", "i fail to"),
)
_FAR_VERBS = (
    *("think that", "say", "claim that", "call this", "believe that", "see how", "find that"),
    *("tell me that", "pretend that", "agree that", "expect that", "feel that"),
)
# What denies a whole clause once, or twice, which is not at all: verbs, nouns and adverbs that
# imply "not", quantifiers, and their combinations.
_FRAMES = (
    *("i have yet to hear anyone say {}", "it is far from true that {}", "it's a lie that {}"),
    *("don't let them tell you that {}", "not once in ten years did i feel that {}", "as if {}"),
    *("scarcely a soul would say that {}", "it is hard to believe that {}", "little suggests {}"),
    *("i stopped thinking that {}", "i was wrong to believe {}", "there is no way that {}"),
    *("you would be lying if you said {}", "whoever says {} has no idea", "i deny that {}"),
    *("i used to think {}", "who could say that {}", "who on earth thinks {}", "i wish {}"),
    *("there is nobody who doesn't think that {}", "i can't say i disagree that {}"),
    *("you won't meet anyone who denies that {}", "it isn't as if nobody thinks {}"),
    *("i have never doubted that {}", "no one can deny that {}", "there's no doubt that {}"),
    *("i couldn't agree more that {}", "it's impossible not to see that {}", "without doubt {}"),
    *("i never fail to notice that {}", "it would be a lie not to say that {}"),
)
# In the place of a clause's subject; the second part denies once more.
_FRAMED_SUBJECTS = (
    *("few people i know", "not one of us", "neither my friends nor i", "not a single person"),
    *("hardly any of them", "nobody who was there", "i never once", "in no way i"),
    *("there isn't anyone who doesn't", "there was nobody who didn't", "not one of us didn't"),
    *("i never don't", "i can't help but", "i could not but", "everyone i know couldn't not"),
)
_DENYING = re.compile(
    r"\b(?:not|never|no|nobody|nothing|none|neither|nor|without|hardly|barely|rarely|cannot"
    r"|\w+n['’]t|(?:do|does|did|is|are|was|were|ca|could|wo|would|should|have|has|ai)nt)\b",
    re.IGNORECASE,
)
# What joins two clauses, and on which of them the weight lies.
_JOINTS = (
    *("{} but {}", "{}, but {}", "{} although {}", "although {}, {}", "{} even though {}"),
    *("{}, still {}", "{}. however {}", "{} yet {}", "despite everything, {}: {}"),
    *("once {}, now {}", "{} back then, {} these days", "last year {}, this year {}"),
    *("used to say {}. now {}", "{} until {}", "before: {}. after: {}", "{} and {}"),
    # Of somebody else, and of the writer.
    *("they all say {}. i say {}", "he thinks {}, i think {}", "according to them {}. me: {}"),
    *("my friends go on about how {}, personally {}", "others may feel {}, to me {}"),
    *("everyone is like {}. and here i am, {}", "she says {} but honestly {}"),
)
# What denies, and what says the same without denying.
_DENIALS = {
    "not": "",
    "never": "",
    "don't": "",
    "doesn't": "",
    "didn't": "",
    "isn't": "is",
    "aren't": "are",
    "wasn't": "was",
    "weren't": "were",
    "can't": "can",
    "cannot": "can",
    "couldn't": "could",
    "won't": "will",
    "wouldn't": "would",
    "shouldn't": "should",
    "haven't": "have",
    "hasn't": "has",
}
_UNMARKED = {denial.replace("'", ""): denial for denial in _DENIALS if denial.endswith("n't")}
_DENIED = {plain: denial for denial, plain in _DENIALS.items() if plain and denial != "cannot"}
_BEFORE_NOT = {"i'm", "it's", "that's", "he's", "she's", "you're", "we're", "they're", "am", "im"}
_SUBJECTS = {"i", "we", "you", "they"}
_ANY_SUBJECTS = _SUBJECTS | _BEFORE_NOT | set("he she it this that the my our your i've".split())
_THIRD_PERSONS = frozenset("he she it this that who which".split())
_DETERMINERS = frozenset("the my your our his her their this that a an".split())
_NO_VERBS = ("ss", "us", "is", "ous", "'s")  # endings of words that look like verbs and are none
_VERBS = frozenset(
    "love like want enjoy think feel care trust recommend need hate miss know believe hope wish "
    "get understand mind regret deserve".split()
)


def variants(texts: Sequence[str], generator: np.random.Generator) -> Iterator[str]:
    """One variant of each tweet: some words replaced, a span of it, or two tweets spliced."""
    words = [text.split() for text in texts]
    pool = [word for each in words for word in each]
    kinds = generator.choice(3, size=len(words), p=[0.4, 0.25, 0.35])
    for kind, own in zip(kinds.tolist(), words, strict=True):
        if not own:
            continue
        if kind == 0:
            yield " ".join(_replaced(own, pool, generator))
        elif kind == 1:
            yield " ".join(_span(own, generator))
        else:
            other = words[int(generator.integers(len(words)))]
            yield " ".join(_spliced(own, other, generator))


def negated(texts: Sequence[str], generator: np.random.Generator) -> Iterator[str]:
    """Each tweet with a denial taken out of it or put into it; none for those without a place.

    A student meets "not" mostly in angry tweets, and learns that it is an angry word. In these
    pairs of a tweet and its denial nothing but the denial differs.
    """
    for text in texts:
        words = text.split()
        places = [(row, other) for row, word in enumerate(words) if (other := _denied(words, row))]
        taken_out = [(row, other) for row, other in places if _plain(words[row]) in _DENIALS]
        chosen = taken_out or places
        if chosen:
            row, other = chosen[int(generator.integers(len(chosen)))]
            yield " ".join([*words[:row], *other.split(), *words[row + 1 :]])


def phrases(texts: Sequence[str], generator: np.random.Generator) -> Iterator[str]:
    """A clause of each tweet, most of them with words that deny it.

    In a whole tweet a denial hardly matters beside all the other words; in a phrase it is half of
    what there is to learn from. Labels of phrases are what taught networks to compose (Socher et
    al. 2013, "Recursive deep models for semantic compositionality over a sentiment treebank").
    """
    for text in texts:
        chosen = _clause(text, generator)
        if chosen:
            yield " ".join(chosen if generator.random() < _PLAIN else _deny(chosen, generator))


def composed(texts: Sequence[str], generator: np.random.Generator) -> Iterator[str]:
    """A clause of each tweet, with a denial far before it or with a clause of another tweet.

    What a clause says is turned from afar, or outweighed by the next one: the hardest parts of
    composing, and too rare in tweets to be learnt there.
    """
    clauses = [clause for text in texts if (clause := _clause(text, generator))]
    for clause in clauses:
        kind = generator.random()
        if kind < 0.25:
            yield " ".join(_deny_from_afar(clause, generator))
        elif kind < 0.6:
            yield _framed(clause, generator)
        else:
            other = clauses[int(generator.integers(len(clauses)))]
            yield _one_of(_JOINTS, generator).format(" ".join(clause), " ".join(other))


def denials(texts: Sequence[str], generator: np.random.Generator) -> Iterator[str]:
    """The tweets in which something is denied, each followed by its clauses in which it is.

    "Can't complain", "never been prouder", "no one does it better": what people deny in order to
    praise is idiom, and is learnt where it is met.
    """
    for text in texts:
        if _DENYING.search(text):
            yield text
            clauses = (" ".join(words) for words in _clauses(text))
            yield from (clause for clause in clauses if _DENYING.search(clause))


def facts(texts: Sequence[str], generator: np.random.Generator) -> Iterator[str]:
    """The clauses of the tweets that can be denied, each as it is and denied at one of the places.

    For tweets without a feeling: a shop that doesn't open on Sundays is no complaint, yet nearly
    all that a student reads of what somebody does not do is one.
    """
    for text in texts:
        for words in _clauses(text):
            places = [
                (row, other)
                for row, word in enumerate(words)
                if _plain(word) not in _DENIALS and (other := _denied(words, row))
            ]
            if places and not _DENYING.search(" ".join(words)):
                row, other = places[int(generator.integers(len(places)))]
                yield " ".join(words)
                yield " ".join([*words[:row], other, *words[row + 1 :]])


def _clause(text: str, generator: np.random.Generator) -> list[str]:
    """The words of one of the clauses of fitting length; none where there is no such clause."""
    fitting = _clauses(text)
    return fitting[int(generator.integers(len(fitting)))] if fitting else []


def _clauses(text: str) -> list[list[str]]:
    """The words of each clause of fitting length."""
    kept = " ".join(word for word in text.split() if not word.startswith(("@", "http")))
    clauses = [clause.split() for clause in _CLAUSE_ENDS.split(kept)]
    return [each for each in clauses if _SHORTEST_PHRASE <= len(each) <= _LONGEST_PHRASE]


def _deny_from_afar(words: list[str], generator: np.random.Generator) -> list[str]:
    aside = _one_of(_ASIDES, generator)
    denial, verb = _one_of(_FAR_DENIALS, generator), _one_of(_FAR_VERBS, generator)
    return [
        f"{denial}, {aside}, {verb}" if generator.random() < 0.5 else f"{denial} {verb}",
        *words,
    ]


def _framed(words: list[str], generator: np.random.Generator) -> str:
    """The clause with its subject denied, where it has one, or within a frame that denies it."""
    if _plain(words[0]) in _SUBJECTS and generator.random() < 0.4:
        return " ".join([_one_of(_FRAMED_SUBJECTS, generator), *words[1:]])
    return _one_of(_FRAMES, generator).format(" ".join(words))


def _deny(words: list[str], generator: np.random.Generator) -> list[str]:
    has_subject = _plain(words[0]) in _ANY_SUBJECTS
    if has_subject and generator.random() < 0.4:
        return [_one_of(_DENIED_SUBJECTS, generator), *words[1:]]
    return [_one_of(_DENIED_CLAUSES if has_subject else _DENIED_WORDS, generator), *words]


def _one_of(choices: Sequence[str], generator: np.random.Generator) -> str:
    return choices[int(generator.integers(len(choices)))]


def _denied(words: Sequence[str], row: int) -> str:
    """What stands in a word's place when it is denied, or denies no more; empty if that is none."""
    word = words[row]
    plain = _plain(word)
    if plain in _DENIALS:
        return _DENIALS[plain] or " "
    if plain in _DENIED:
        return _DENIED[plain]
    if plain in _BEFORE_NOT:
        return f"{word} not"
    before = [_plain(each) for each in words[max(0, row - 2) : row]]
    if plain in _VERBS and before and before[-1] in _SUBJECTS:
        return f"don't {word}"
    if not plain.isalpha() or len(plain) < 5 or not before:
        return ""
    # What looks like a fact, so that people's denials are not all of what they feel.
    of_third = before[-1] in _THIRD_PERSONS or (len(before) == 2 and before[0] in _DETERMINERS)
    if plain.endswith("s") and not plain.endswith(_NO_VERBS) and of_third:
        return f"doesn't {plain[:-1]}"
    if plain.endswith("ed") and (of_third or before[-1] in _SUBJECTS):
        return "haven't " + word if before[-1] in _SUBJECTS else "hasn't " + word
    return ""


def _plain(word: str) -> str:
    plain = word.lower().replace("’", "'")
    return _UNMARKED.get(plain, plain)


def _replaced(own: list[str], pool: list[str], generator: np.random.Generator) -> Iterator[str]:
    draws = generator.random(len(own))
    for word, draw in zip(own, draws.tolist(), strict=True):
        if draw >= _REPLACED:
            yield word
        elif draw < _REPLACED / 2:
            yield pool[int(generator.integers(len(pool)))]  # as often as words are used


def _span(own: list[str], generator: np.random.Generator) -> list[str]:
    length = int(generator.integers(_SHORTEST, _LONGEST + 1))
    start = int(generator.integers(max(1, len(own) - length + 1)))
    return own[start : start + length]


def _spliced(own: list[str], other: list[str], generator: np.random.Generator) -> list[str]:
    """The beginning of one tweet and the end of another."""
    here = int(generator.integers(len(own) // 3, len(own) + 1))
    there = int(generator.integers(0, 2 * len(other) // 3 + 1))
    return own[:here] + other[there:]


# What a recipe may have made of the tweets of a source.
MAKERS = {
    "variants": variants,
    "negated": negated,
    "phrases": phrases,
    "composed": composed,
    "denials": denials,
    "facts": facts,
}
