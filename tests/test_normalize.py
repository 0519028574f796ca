"""The normalizer, by topic: what a tweet becomes, and that `align` tells the same story."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from positivity.text.normalize import VERSION, Normalizer, says_something
from tests.conftest import WORDS

LONG = ("so happy " * 3000)[:25_000]

CASES = {
    "nothing": {
        "": "",
        "   \n\t ": "",
        "\u200b\u202e\ufeff": "",
        "😂": ":face_with_tears_of_joy:",
        "https://t.co/abc123": "<url>",
        "@someone": "<user>",
        LONG: LONG.strip(),
        "a" * 25_000: "a <elongated>",
        "!" * 25_000: "! <repeated>",
    },
    "html": {
        "fish &amp; chips": "fish & chips",
        "fish &amp;amp; chips": "fish & chips",
        "AT&amp;T": "at & t",
        "&lt;3 you": "<heart> you",
        "1 &gt; 0": "<number> > <number>",
        "a&nbsp;b": "a b",
        "&#39;tis &quot;so&quot;": '\' tis " so "',
        "R&D": "r & d",
        "&notanentity; x": "& notanentity ; x",
    },
    "unicode": {
        "𝓵𝓸𝓿𝓮 it": "love it",
        "ｌｏｖｅ it": "love it",
        "Ⓛⓞⓥⓔ": "love",
        "𝐆𝐑𝐄𝐀𝐓": "great <shouted>",
        "ᴛɪɴʏ": "tiny",
        "cafe\u0301": "café",
        "z̴a̸l̷g̶o̵": "zalgo",
        "zero\u200bwidth": "zerowidth",
        "\u202eevil\u202c": "evil",
        "bell\x07": "bell",
        "ﬁne": "fine",
        "no\u00a0break": "no break",
    },
    "links and names": {
        "see http://a.b/c?d=e#f": "see <url>",
        "see www.example.com": "see <url>",
        "bit.ly/2abc": "<url>",
        "example.com.": "<url> .",
        "https:/…": "<url>",
        "pic.twitter.com/abc": "<url>",
        "@a_b: hi": "<user> hi",
        "@bob's": "<user> ' s",
        "mail me@example.org!": "mail <email> !",
        "5 o'clock @ home": "<number> o'clock @ home",
        "$TSLA up": "<cashtag> up",
    },
    "numbers": {
        "1,000 people": "<number> people",
        "3rd": "<number>",
        "it was $5.50": "it was <money>",
        "£20": "<money>",
        "20€": "<money>",
        "at 10:30pm": "at <time>",
        "5pm": "<time>",
        "10/10": "<number> / <number>",
        "100%": "<number> %",
        "2day gr8": "2day gr8",
    },
    "hashtags": {
        "#BestDayEver": "<hashtag> best day ever",
        "#worstdayever": "<hashtag> worst day ever",
        "#throwbackthursday": "<hashtag> throwback thursday",
        "#2020": "# <number>",
        "#day1": "<hashtag> day 1",
        "#happy!": "<hashtag> happy !",
        "not#ahashtag": "not # ahashtag",
    },
    "emoji": {
        "❤️": ":red_heart:",
        "❤": ":red_heart:",
        "👍🏽": ":thumbs_up:",
        "🤷🏾‍♀️": ":person_shrugging:",
        "👨‍👩‍👧‍👦": ":family_man_woman_girl_boy:",
        "👩🏽‍🚀": ":woman_astronaut:",
        "🇬🇧": ":United_Kingdom:",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿": ":England:",
        "1️⃣": ":keycap_1:",
        "yes😂no": "yes :face_with_tears_of_joy: no",
        "😂😂😂": ":face_with_tears_of_joy: <repeated>",
        "😂😍": ":face_with_tears_of_joy: :smiling_face_with_heart-eyes:",
    },
    "emoticons": {
        ":)": "<smile>",
        ":-)": "<smile>",
        "(-:": "<smile>",
        "(:": "<smile>",
        "=]": "<smile>",
        ";)": "<wink>",
        ":D": "<laugh>",
        "xD": "<laugh>",
        ":P": "<tongue>",
        ":*": "<kiss>",
        ":(": "<sad>",
        "):": "<sad>",
        "D:": "<sad>",
        ":'(": "<cry>",
        ":’(": "<cry>",
        ">:(": "<angry>",
        ":/": "<unsure>",
        "<3": "<heart>",
        "</3": "<broken_heart>",
        "¯\\_(ツ)_/¯": "<shrug>",
        "(╯°□°）╯︵": "<angry>",
        "\\o/": "<cheer>",
        "-_-": "<annoyed>",
        "T_T": "<cry>",
        ":))))": "<smile> <repeated>",
        "nice:)": "nice <smile>",
        "Re:Paris": "re : paris",
        "(c): x": "( c ) : x",
        "and/or": "and / or",
    },
    "emphasis": {
        "soooo": "so <elongated>",
        "goooood": "good <elongated>",
        "loooose": "loose <elongated>",
        "yaaayyyy": "yay <elongated>",
        "GREAT": "great <shouted>",
        "OK": "ok",
        "wow!!!": "wow ! <repeated>",
        "what?!": "what ? !",
        "hmm...": "hmm ...",
        "hahahahaha": "haha <elongated>",
        "haha": "haha",
        "bahaha": "haha <elongated>",
        "looool": "lol <elongated>",
        "too cool": "too cool",
    },
    "negation": {
        "don't": "do not",
        "don’t": "do not",
        "dont": "do not",
        "DON'T": "do not",
        "can't": "can not",
        "cant": "can not",
        "won't": "will not",
        "ain't": "is not",
        "aint": "is not",
        "isn't it": "is not it",
        "it's we're i'm": "it 's we 're i 'm",
        "ant": "ant",
    },
    "marks": {
        "RT @x: hello": "<rt> <user> hello",
        "cut off her…": "cut off her …",
        "“quoted” — text": '" quoted " - text',
        "a_b": "a_b",
    },
}


@pytest.mark.parametrize(
    ("tweet", "expected"),
    [case for table in CASES.values() for case in table.items()],
    ids=[f"{topic}: {case[:30]!r}" for topic, table in CASES.items() for case in table],
)
def test_normalize(normalizer: Normalizer, tweet: str, expected: str) -> None:
    assert normalizer.normalize(tweet) == expected
    assert " ".join(piece.text for piece in normalizer.align(tweet)) == expected


@pytest.mark.parametrize(
    ("tweet", "expected"),
    [
        ("The train was late.", "the train was late"),
        ("The train. Was late", "the train . was late"),
        ("Late. https://t.co/a https://t.co/b", "late <url> <url>"),
        ("Late . . https://t.co/a", "late <url>"),
        ("Late https://t.co/a.", "late <url>"),
        ("Late. Look: https://t.co/a", "late . look : <url>"),
        ("Late. https://t.co/a . https://t.co/b .", "late <url> <url>"),
        ("What time is it? .", "what time is it"),
        ("What time is it? https://t.co/a .", "what time is it ? <url>"),
        ("Really?.", "really ?"),
        ("What time is it?", "what time is it"),
        ("What time is it", "what time is it"),
        ("Which bus leaves first?", "which bus leaves first"),
        # What says something stays, and so does what makes a question.
        ("Late...", "late ..."),
        ("Late!", "late !"),
        ("What time is it?!", "what time is it ? !"),
        ("Really?", "really ?"),
        ("A feast. What is it?", "a feast . what is it ?"),
        (".", "."),
        ("", ""),
    ],
)
def test_the_last_mark_is_left_out_for_a_model_that_reads_none(
    normalizer: Normalizer, tweet: str, expected: str
) -> None:
    reader = Normalizer(normalizer.emoji, normalizer.words, last_mark=False)
    assert reader.normalize(tweet) == expected
    assert [piece.text for piece in reader.align(tweet)] == expected.split()
    again = Normalizer(**reader.tables)
    assert again.normalize_many([tweet]) == [expected]
    assert Normalizer(**normalizer.tables).normalize(tweet) == normalizer.normalize(tweet)


@pytest.mark.parametrize(
    ("tweet", "expected"),
    [
        ("Sven sven SVEN, Sven's", "<name> <name> <name> <shouted> , <name> 's"),
        ("Marek and marek", "<name> and marek"),  # as typed, it may be any word
        ("my new Tamsel.", "my new <name> ."),
        ("at (Northvale)", "at ( <name> )"),
        ("Émile 𝐌arek", "<name> <name>"),
        # No names: words, slips in typing words, and what is not typed as names are.
        ("Great day", "great day"),
        (
            "Graet gret Happpy Throwbak Motivatoin",
            "graet gret happy <elongated> throwbak motivatoin",
        ),
        ("Unbefitting Glumness Dayers", "unbefitting glumness dayers"),
        ("MAREK iPhone Qx Iphone4", "marek <shouted> iphone qx iphone4"),
        ("Shan't Marekkk Hahaha", "shall not marekk <elongated> haha <elongated>"),
        ("#Marek @Marek", "<hashtag> m a rek <user>"),
    ],
)
def test_names_are_read_alike_where_a_model_has_names(
    normalizer: Normalizer, tweet: str, expected: str
) -> None:
    reader = Normalizer(normalizer.emoji, normalizer.words, names=["sven"])
    assert reader.normalize(tweet) == expected
    assert [piece.text for piece in reader.align(tweet)] == expected.split()
    assert Normalizer(**reader.tables).normalize(tweet) == expected
    assert "<name>" not in normalizer.normalize(tweet)


@pytest.mark.parametrize(
    ("tweet", "expected"),
    [
        ("Lorry, LORRY! lorries", "truck , truck <shouted> ! lorries"),
        ("that lorry's #bigLorry", "that truck 's <hashtag> big truck"),
        ("y'all y’all Y'ALL?", "you all you all you all ?"),
        ("lorrrry", "truck <elongated>"),
    ],
)
def test_some_words_are_read_as_others(normalizer: Normalizer, tweet: str, expected: str) -> None:
    words = [*normalizer.words, "big", "lorry"]
    readings = {"lorry": "truck", "y'all": "you all"}
    reader = Normalizer(normalizer.emoji, words, readings=readings, names=["sven"])
    assert reader.normalize(tweet) == expected
    assert [piece.text for piece in reader.align(tweet)] == expected.split()
    assert Normalizer(**reader.tables).normalize(tweet) == expected


def test_align_points_into_the_original(normalizer: Normalizer) -> None:
    tweet = "I can’t &amp; 😂😂 #BestDayEver!!! 𝓵𝓸𝓿𝓮"
    spans = [(piece.text, tweet[piece.start : piece.end]) for piece in normalizer.align(tweet)]
    assert spans == [
        ("i", "I"),
        ("can", "ca"),
        ("not", "n’t"),
        ("&", "&amp;"),
        (":face_with_tears_of_joy:", "😂😂"),
        ("<repeated>", "😂😂"),
        ("<hashtag>", "#"),
        ("best", "Best"),
        ("day", "Day"),
        ("ever", "Ever"),
        ("!", "!!!"),
        ("<repeated>", "!!!"),
        ("love", "𝓵𝓸𝓿𝓮"),
    ]


FRAGMENTS = (
    "&amp; &lt; &#8203; 😂 👩🏽\u200d🚀 🇬 🇧 \u20e3 1\ufe0f\u20e3 # @ http:// :) ' n't "
    "\u0301 \u200d A lol … \ud800 . ? what is it https://t.co/a"
).split(" ")
hostile = st.text(max_size=60) | st.lists(st.sampled_from([*FRAGMENTS, " "])).map("".join)


@given(hostile, st.booleans(), st.sampled_from([(), ("sven", "a")]))
@settings(max_examples=400, deadline=None)
def test_align_and_normalize_agree(text: str, last_mark: bool, names: tuple[str, ...]) -> None:
    emoji = {"😂": ":joy:", "👩\u200d🚀": ":astronaut:", "1\u20e3": ":one:"}
    readings = {"lol": "so funny"}
    normalizer = Normalizer(emoji, WORDS, names=names, readings=readings, last_mark=last_mark)
    pieces = normalizer.align(text)
    assert " ".join(piece.text for piece in pieces) == normalizer.normalize(text)
    assert normalizer.normalize_many([text, text]) == [normalizer.normalize(text)] * 2
    assert all(0 <= piece.start < piece.end <= len(text) for piece in pieces)
    assert all(piece.text and not set(piece.text) & set(" \n\t") for piece in pieces)


PLAIN_FRAGMENTS = (
    "xD RT DONT http can't loool haha a T O word co ' \" ( ) * , ! ? / – … - . .. ... : ; ’ “ ” : D"
).split()


@given(
    st.from_regex(r"(?i)\A[a-z]{1,6}[.,;:!?]{0,2}\Z")
    | st.sampled_from(["https:", "DONT", "lolol!", "xDD", "XDD!", "xdD", "xDDx"])
    | st.lists(st.sampled_from(PLAIN_FRAGMENTS), min_size=1, max_size=7).map("".join)
)
@settings(max_examples=2000, deadline=None)
def test_the_short_cut_for_plain_words_leads_to_the_same(word: str) -> None:
    for names in [(), ("haha", "word")]:
        normalizer = Normalizer({}, WORDS, names=names, readings={"word": "two words", "t": "tea"})
        pieces = [piece.text for piece in normalizer.align(word)]
        assert normalizer.normalize(word) == " ".join(pieces)


def test_the_short_cut_is_short_for_any_word(normalizer: Normalizer) -> None:
    assert normalizer.normalize("." * 5000 + "a" * 5000 + "'" * 5000 + "@").endswith("@")


def test_what_is_remembered_does_not_change_the_result(normalizer: Normalizer) -> None:
    tweet = "Sooo happy!! 😂 http://a.b/c #BestDayEver"
    assert normalizer.normalize(tweet) == normalizer.normalize(tweet)
    assert Normalizer(normalizer.emoji, WORDS).normalize(tweet) == normalizer.normalize(tweet)


@pytest.mark.parametrize(
    ("normalized", "expected"),
    [
        ("", False),
        ("<url>", False),
        ("<rt> <user> <url> …", False),
        ("! <repeated>", True),
        ("<smile>", True),
        (":joy:", True),
        ("<user> no", True),
        ("<number>", True),
    ],
)
def test_says_something(normalized: str, expected: bool) -> None:
    assert says_something(normalized) is expected


def test_the_version_is_what_models_were_made_for() -> None:
    assert VERSION == 1


def test_an_end_of_a_hundred_thousand_marks_and_links_is_soon_read(normalizer: Normalizer) -> None:
    reader = Normalizer(normalizer.emoji, normalizer.words, last_mark=False)
    text = reader.normalize("late" + " . https://t.co/a" * 100_000)
    assert text == "late" + " <url>" * 100_000
