"""Changes of a tweet that leave its feeling as it is, made while examples are built.

A model learns from its tweets that some names, groups and ways of writing are met in angrier tweets
than others, and then scores the name. Here every member of a group is met alike: one is put in
another's place at random (counterfactual data augmentation, Lu et al. 2020), and the label stays.
Works on normalized tweets: lower-case words between single spaces.
"""

import re
from collections.abc import Sequence

import numpy as np

from positivity.text.last_mark import QUESTION
from positivity.training.word_groups import INTERCHANGEABLE, READINGS, VARIETIES

_OTHER_SPELLING = 0.3  # of all tweets: half of the words that varieties of English spell otherwise
_RESPELT = 0.12  # of all tweets: one typo
_REPUNCTUATED = 0.25  # of all tweets: another last mark

# Read from left to right and from right to left, a whole tweet at a time.
_GENDERED = {
    "he": "she",
    "him": "her",
    "his": "her",
    "himself": "herself",
    "man": "woman",
    "men": "women",
    "boy": "girl",
    "boys": "girls",
    "guy": "lady",
    "guys": "ladies",
    "husband": "wife",
    "boyfriend": "girlfriend",
    "father": "mother",
    "dad": "mom",
    "daddy": "mommy",
    "brother": "sister",
    "brothers": "sisters",
    "son": "daughter",
    "sons": "daughters",
    "uncle": "aunt",
    "nephew": "niece",
    "grandpa": "grandma",
    "grandfather": "grandmother",
    "king": "queen",
    "actor": "actress",
}
_UNGENDERED = {other: one for one, other in _GENDERED.items() if one not in ("him", "his")}
# Standard spelling -> as African American English, British English or quick typing has it.
_SPELLINGS = {
    "going to": ("gonna", "finna", "gon", "boutta"),
    "gonna": ("finna", "gon", "boutta", "going to"),
    "about to": ("finna", "boutta"),
    "trying to": ("tryna",),
    "want to": ("wanna",),
    "got to": ("gotta",),
    "you all": ("y'all", "yall"),
    "you guys": ("y'all", "yall"),
    "the": ("da",),
    "that": ("dat",),
    "this": ("dis",),
    "them": ("dem",),
    "with": ("wit", "w/"),
    "my": ("ma",),
    "because": ("cuz", "cause", "cos"),
    "about": ("bout",),
    "something": ("sumn", "somethin"),
    "nothing": ("nothin", "nun"),
    "your": ("ur", "yo"),
    "you": ("u", "ya"),
    "brother": ("bruh", "bro"),
    "he is": ("he",),
    "she is": ("she",),
    "they are": ("they",),
    "he 's": ("he be", "he"),
    "she 's": ("she be", "she"),
    "they 're": ("they be", "they"),
    "we 're": ("we be", "we"),
    "'ve been": ("been",),
    "isn't": ("ain't",),
    "aren't": ("ain't",),
    "haven't": ("ain't",),
    "hasn't": ("ain't",),
    "doesn't": ("don't",),
}
_LAST_MARKS = ("", "", " .", " .", " !")  # the last one says something, if little
_RENAMED = 0.3  # of all tweets: other names in the place of words that nobody knows
_KEYBOARD_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def augment(
    texts: list[str], generator: np.random.Generator, known: Sequence[str] = ()
) -> list[str]:
    """The tweets, some of them changed in a way that leaves their label as it is.

    Args:
        known: the words that mean something. Any other is taken for a name of somebody or
            something, in whose place another may stand; without known words none is.
    """
    draws = generator.random((len(texts), 4)) if texts else np.empty((0, 4))
    meaningful = frozenset(known)
    unheard = _unheard_of(texts, meaningful) if known else []
    changed = []
    for text, (dialect, typo, mark, other) in zip(texts, draws.tolist(), strict=True):
        words = text.split(" ")
        if not _SWAPPABLE.isdisjoint(words):
            words = _swapped(words, generator)
        if unheard and other < _RENAMED:
            words = [
                unheard[int(generator.integers(len(unheard)))]
                if _is_name(each, meaningful)
                else each
                for each in words
            ]
        new = " ".join(words)
        if dialect < _OTHER_SPELLING:
            new = _respelt(new, generator)
        if typo < _RESPELT:
            new = _mistyped(new, generator)
        if mark < _REPUNCTUATED:
            new = _repunctuated(new, generator)
        changed.append(new)
    return changed


def _unheard_of(texts: Sequence[str], known: frozenset[str]) -> list[str]:
    """The words of the tweets that mean nothing to us, each as often as it is met."""
    return [word for text in texts for word in text.split(" ") if _is_name(word, known)]


def _is_name(word: str, known: frozenset[str]) -> bool:
    return len(word) > 3 and word not in known and word.isalpha() and word not in _SWAPPABLE


def _repunctuated(text: str, generator: np.random.Generator) -> str:
    """Another last mark, or none; a question may lose its mark or get it back, and becomes no
    exclamation."""
    if text.endswith(" ?") and not text.endswith((" ! ?", " ? ?")):
        return text.removesuffix(" ?")
    if QUESTION.fullmatch(text):
        return f"{text} ?"
    plain = text.removesuffix(" .").removesuffix(" !") or text
    return plain + _LAST_MARKS[int(generator.integers(len(_LAST_MARKS)))]


_GROUP_OF = {word: group for group in INTERCHANGEABLE for word in group}
_SWAPPABLE = _GROUP_OF.keys() | _GENDERED.keys() | _UNGENDERED.keys()


def _swapped(words: list[str], generator: np.random.Generator) -> list[str]:
    """Other names, other groups, the other gender: the same word becomes the same word."""
    gender = int(generator.integers(3))  # as it is, the other one, or none
    if gender == 2:
        words = _genderless(words)
    other_gender = gender == 1
    drawn: dict[str, str] = {}
    result = []
    for i, word in enumerate(words):
        if word in _GROUP_OF and word not in drawn:
            group = _GROUP_OF[word]
            drawn[word] = group[int(generator.integers(len(group)))]
        if word in drawn:
            result.append(drawn[word])
        elif word == "man" and not (i and words[i - 1] in _BEFORE_MAN):
            result.append(word)  # "man, that was good"
        elif other_gender and word == "her":
            result.append("his" if _is_word(words, i + 1) else "him")
        elif other_gender:
            result.append(_GENDERED.get(word) or _UNGENDERED.get(word, word))
        else:
            result.append(word)
    return result


_THEY = {"he": "they", "she": "they", "him": "them", "his": "their", "himself": "themselves"}
_AFTER_THEY = {
    "is": "are",
    "isn't": "aren't",
    "was": "were",
    "wasn't": "weren't",
    "has": "have",
    "hasn't": "haven't",
    "does": "do",
    "doesn't": "don't",
    "'s": "'re",
}


def _genderless(words: Sequence[str]) -> list[str]:
    """They in the place of he and she, where the verb can follow."""
    result = list(words)
    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else ""
        if word in ("he", "she"):
            if following.endswith("s") and following not in _AFTER_THEY:
                continue  # "he likes"
            result[i] = _THEY[word]
            if following in _AFTER_THEY:
                result[i + 1] = _AFTER_THEY[following]
        elif word == "her":
            result[i] = "their" if _is_word(words, i + 1) else "them"
        elif word in _THEY:
            result[i] = _THEY[word]
    return result


# After "her", the words before which it is an object: "I saw her at", "gave her the".
_AFTER_OBJECT = frozenset(
    "a an the and or but so to at in on for with from of by that this if when is was as about "
    "again too now today tonight yesterday all up out off back down over i you he she we they it "
    "my your his our their".split()
)
_BEFORE_MAN = frozenset("a the this that my old young no one every another white black".split())


def _is_word(words: Sequence[str], i: int) -> bool:
    """Whether a noun may stand there, so that the "her" before it is a possessive."""
    return i < len(words) and words[i].isalpha() and words[i] not in _AFTER_OBJECT


for _pair in VARIETIES.split():
    _british, _american = (each.replace("_", " ") for each in re.split("[=<>]", _pair))
    if "<" not in _pair:
        _SPELLINGS[_british] = (*_SPELLINGS.get(_british, ()), _american)
    if ">" not in _pair:
        _SPELLINGS[_american] = (*_SPELLINGS.get(_american, ()), _british)
# What is read as another word stands in no normalized tweet.
_SPELLINGS = {
    words: kept
    for words, others in _SPELLINGS.items()
    if words not in READINGS and (kept := tuple(other for other in others if other not in READINGS))
}
_RESPELLABLE = {words.split()[0] for words in _SPELLINGS} | {
    other.split()[0] for others in _SPELLINGS.values() for other in others
}
_STANDARD = {other: words for words, others in _SPELLINGS.items() for other in others}


def _respelt(text: str, generator: np.random.Generator) -> str:
    """Some words as another variety of English spells them, in either direction."""
    words = text.split(" ")
    if _RESPELLABLE.isdisjoint(words):
        return text
    result: list[str] = []
    i = 0
    while i < len(words):
        for length in (2, 1):
            phrase = " ".join(words[i : i + length])
            if phrase in _SPELLINGS and generator.random() < 0.5:
                others = _SPELLINGS[phrase]
                result.append(others[int(generator.integers(len(others)))])
                break
            if phrase in _FROM_DIALECT and generator.random() < 0.5:
                result.append(_STANDARD[phrase])
                break
        else:
            result.append(words[i])
            length = 1
        i += length
    return " ".join(result)


# The other way round only what means nothing else: "football" is not always soccer.
_FROM_DIALECT = frozenset("gon dat dem wit cos ur u".split())


def _mistyped(text: str, generator: np.random.Generator) -> str:
    """One typo in one of the longer words: letters swapped, doubled, left out or beside it."""
    words = text.split(" ")
    longer = [i for i, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if not longer:
        return text
    chosen = longer[int(generator.integers(len(longer)))]
    word = words[chosen]
    at = int(generator.integers(1, len(word) - 1))
    kind = int(generator.integers(4))
    if kind == 0:
        word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    elif kind == 1:
        word = word[:at] + word[at] + word[at:]
    elif kind == 2:
        word = word[:at] + word[at + 1 :]
    else:
        word = word[:at] + _beside(word[at], generator) + word[at + 1 :]
    words[chosen] = word
    return " ".join(words)


def _beside(letter: str, generator: np.random.Generator) -> str:
    """A letter that lies beside this one on the keyboard."""
    for row in _KEYBOARD_ROWS:
        at = row.find(letter)
        if at >= 0:
            around = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            return around[int(generator.integers(len(around)))]
    return letter
