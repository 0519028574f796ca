"""Changes of a tweet that leave its feeling as it is, made while examples are built.

A model learns from its tweets that some names, groups and ways of writing are met in angrier tweets
than others, and then scores the name. Here every member of a group is met alike: one is put in
another's place at random (counterfactual data augmentation, Lu et al. 2020), and the label stays.
Works on normalized tweets: lower-case words between single spaces.
"""

import re
from collections.abc import Sequence

import numpy as np

_OTHER_SPELLING = 0.3  # of all tweets: half of the words that varieties of English spell otherwise
_RESPELT = 0.12  # of all tweets: one typo
_REPUNCTUATED = 0.25  # of all tweets: another last mark

# Words that may stand in each other's place. What is also a common word (will, grace, mark, hope,
# may, turkey) is left out: it would be changed where it means something else.
_NAMES = (
    # Given names that are mostly men's, then mostly women's, of many origins.
    "james john robert michael david william richard joseph thomas daniel matthew anthony steven "
    "paul andrew joshua kevin brian george edward jason ryan jacob gary nicholas eric jonathan "
    "larry justin scott brandon benjamin samuel gregory alexander patrick jack dennis jerry tyler "
    "aaron adam nathan henry peter zachary kyle noah ethan jeremy walter keith roger terry harry "
    "sean carl arthur lawrence dylan jesse bryan joe billy bruce gabriel alan "
    "wayne roy ralph eugene louis philip bobby johnny connor brad geoffrey greg neil todd brett "
    "jamal darnell tyrone leroy deshawn terrell malik lamar hakim rasheed kareem tremayne jermaine "
    "marquis trevon jalen kwame kofi femi chidi tunde emeka "
    "mohammed ahmed ali omar hassan ibrahim yusuf khalid mustafa abdul hamza bilal tariq faisal "
    "wei chen jun ming hiroshi kenji takashi minh hung raj arjun ravi sanjay vikram amit rohan "
    "jose juan carlos luis miguel jorge pedro diego alejandro javier fernando rafael "
    "mateo ivan dmitri sergei vladimir boris pavel jakub giovanni luca marco pierre jean hans "
    "moshe avi shlomo",
    "mary patricia jennifer linda elizabeth barbara susan jessica sarah karen nancy lisa betty "
    "margaret sandra ashley kimberly emily donna michelle carol amanda dorothy melissa deborah "
    "stephanie rebecca sharon laura cynthia kathleen amy angela shirley anna brenda pamela emma "
    "nicole helen samantha katherine christine debra rachel carolyn janet catherine maria heather "
    "diane ruth julie olivia joyce kelly lauren christina joan evelyn judith "
    "megan andrea cheryl hannah jacqueline martha gloria teresa ann sara frances kathryn "
    "janice abigail alice julia judy sophia denise amber doris marilyn danielle beverly isabella "
    "theresa diana natalie brittany marie kayla alexis lori ellen allison meredith katie "
    "latoya lakisha tamika keisha ebony shanice aisha imani latisha shaniqua tanisha nia "
    "aaliyah ngozi amara chioma adaeze "
    "fatima layla zainab amina yasmin noor leila maryam khadija salma "
    "mei ling xiu yuki sakura haruka linh thuy priya ananya divya lakshmi sunita deepa kavita "
    "lucia sofia camila valentina gabriela carmen guadalupe ximena rosa juana esperanza "
    "olga natasha svetlana irina agnieszka giulia chiara amelie ingrid anneke rivka shira",
)
_GROUPS = (
    # Peoples, as adjectives or for a person.
    "american british canadian australian mexican german french italian spanish irish scottish "
    "russian ukrainian chinese japanese korean indian pakistani iranian iraqi afghan syrian "
    "israeli palestinian egyptian nigerian kenyan ghanaian ethiopian somali moroccan brazilian "
    "colombian cuban jamaican haitian vietnamese filipino thai indonesian saudi arab swedish "
    "norwegian danish dutch greek portuguese romanian hungarian lebanese venezuelan argentinian "
    "polish turkish austrian belgian swiss finnish czech bulgarian serbian croatian bosnian "
    "albanian icelandic welsh estonian latvian lithuanian belarusian armenian azerbaijani "
    "kazakh uzbek mongolian nepalese bangladeshi burmese cambodian malaysian singaporean "
    "taiwanese tibetan libyan tunisian algerian sudanese eritrean ugandan rwandan congolese "
    "angolan zambian zimbabwean senegalese cameroonian tanzanian jordanian yemeni kuwaiti "
    "qatari chilean peruvian bolivian ecuadorian uruguayan paraguayan honduran guatemalan "
    "nicaraguan panamanian hawaiian",
    "americans canadians australians mexicans germans italians russians ukrainians koreans indians "
    "pakistanis iranians iraqis afghans syrians israelis palestinians egyptians nigerians kenyans "
    "somalis brazilians cubans jamaicans haitians filipinos saudis arabs greeks romanians asians "
    "africans europeans latinos turks austrians belgians finns czechs bulgarians serbians "
    "croatians albanians armenians malaysians libyans tunisians algerians ugandans chileans "
    "peruvians",
    "america britain canada australia mexico germany france italy spain ireland scotland russia "
    "ukraine china japan korea india pakistan iran iraq afghanistan syria israel palestine egypt "
    "nigeria kenya ghana ethiopia somalia morocco brazil colombia cuba jamaica haiti vietnam "
    "thailand indonesia sweden norway denmark greece portugal romania hungary lebanon austria "
    "belgium switzerland finland bulgaria serbia croatia bosnia albania iceland wales estonia "
    "latvia lithuania belarus armenia mongolia nepal bangladesh myanmar cambodia malaysia "
    "singapore taiwan tibet libya tunisia algeria sudan eritrea uganda rwanda congo angola zambia "
    "zimbabwe senegal cameroon tanzania yemen kuwait qatar peru bolivia ecuador uruguay paraguay "
    "honduras guatemala nicaragua panama",
    "christian muslim jewish hindu buddhist sikh catholic protestant atheist mormon",
    "christians muslims jews hindus buddhists sikhs catholics protestants atheists mormons",
    "christianity islam judaism hinduism buddhism sikhism catholicism atheism",
    "church mosque synagogue temple",
    "gay lesbian straight bisexual transgender queer",
)
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
# British English = American English. Where one of the two also means something else ("flat", "gas",
# "line", "fall"), only the other is respelt: < for to the left alone, > for to the right alone.
_VARIETIES = """
    colour=color colours=colors colourful=colorful favourite=favorite favourites=favorites
    honour=honor honoured=honored humour=humor labour=labor neighbour=neighbor
    neighbours=neighbors neighbourhood=neighborhood behaviour=behavior flavour=flavor
    flavours=flavors rumour=rumor rumours=rumors harbour=harbor endeavour=endeavor savour=savor
    centre=center theatre=theater metre=meter metres=meters litre=liter litres=liters fibre=fiber
    realise=realize realised=realized organise=organize organised=organized recognise=recognize
    recognised=recognized apologise=apologize apologised=apologized criticise=criticize
    analyse=analyze defence=defense offence=offense licence=license grey=gray cancelled=canceled
    travelled=traveled travelling=traveling jewellery=jewelry pyjamas=pajamas moustache=mustache
    aluminium=aluminum aeroplane=airplane programme>program catalogue=catalog cheque>check
    tyre>tire tyres>tires kerb>curb sceptical=skeptical arse=ass learnt=learned burnt=burned
    whilst>while mum=mom mums=moms mummy=mommy maths=math football<soccer holiday<vacation
    holidays<vacations flat<apartment flats<apartments film<movie films<movies shop<store
    shops<stores lorry=truck lorries=trucks petrol>gas sofa=couch rubbish=trash
    jumper=sweater autumn>fall cinema=theater biscuit=cookie biscuits=cookies sweets>candy
    queue>line queues>lines lift<elevator parcel=package postman=mailman motorway=highway
    pavement=sidewalk nappy=diaper nappies=diapers torch<flashlight trainers>sneakers
    car_park=parking_lot mobile_phone=cell_phone post_code=zip_code toilets=restrooms
    estate_agent=realtor petrol_station=gas_station fire_brigade=fire_department
"""
_LAST_MARKS = ("", "", " .", " .", " !")  # the last one says something, if little
# What is asked with a mark or without: "what time is it", not "what a day" and not "when I woke".
_QUESTION = re.compile(
    r"(?:(?:who|whose|why|where) "
    r"|(?:what|which|when|how) (?:\w+ )?(?:is|are|was|were|do|does|did|can|will|should) "
    r"|(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have) "
    r"(?:i|you|he|she|it|we|they|the|this|that|these|those|my|your|there|any\w*) )"
    r"[^.!?,;:]+"
)
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
    if _QUESTION.fullmatch(text):
        return f"{text} ?"
    plain = text.removesuffix(" .").removesuffix(" !") or text
    return plain + _LAST_MARKS[int(generator.integers(len(_LAST_MARKS)))]


_MEMBERS = {
    word: group
    for names in (*_NAMES, *_GROUPS)
    for group in [tuple(names.split())]
    for word in group
}
_ALL_NAMES = tuple(name for names in _NAMES for name in names.split())
# Words of which each may stand in the others' places, group by group.
INTERCHANGEABLE = (_ALL_NAMES, *(tuple(names.split()) for names in _GROUPS))
INTERCHANGEABLE_WORDS = tuple(word for group in INTERCHANGEABLE for word in group)
_SWAPPABLE = _MEMBERS.keys() | _GENDERED.keys() | _UNGENDERED.keys()


def _swapped(words: list[str], generator: np.random.Generator) -> list[str]:
    """Other names, other groups, the other gender: the same word becomes the same word."""
    gender = int(generator.integers(3))  # as it is, the other one, or none
    if gender == 2:
        words = _genderless(words)
    other_gender = gender == 1
    drawn: dict[str, str] = {}
    result = []
    for i, word in enumerate(words):
        if word in _MEMBERS and word not in drawn:
            group = _ALL_NAMES if word in _ALL_NAMES_SET else _MEMBERS[word]
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


_ALL_NAMES_SET = frozenset(_ALL_NAMES)
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


for _pair in _VARIETIES.split():
    _british, _american = (each.replace("_", " ") for each in re.split("[=<>]", _pair))
    if "<" not in _pair:
        _SPELLINGS[_british] = (*_SPELLINGS.get(_british, ()), _american)
    if ">" not in _pair:
        _SPELLINGS[_american] = (*_SPELLINGS.get(_american, ()), _british)
# The words of both varieties that mean the same and nothing else, where each is a single word; of
# two British words for an American one, the first ("theatre").
_BRITISH = {
    american: british
    for british, _, american in (pair.partition("=") for pair in reversed(_VARIETIES.split()))
    if american and "_" not in british + american
}
SYNONYMS = tuple((british, american) for american, british in _BRITISH.items())
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
_FROM_DIALECT = frozenset(
    "finna gon boutta tryna y'all yall dat dem wit cuz cos sumn nothin ur u".split()
)


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
