"""Tokenizers: ids and back, whole pieces, saved and loaded the same."""

from pathlib import Path

import pytest

from positivity.errors import StateError
from positivity.text.tokenizer import (
    PAD,
    TOKENIZERS,
    UNKNOWN,
    BasicEnglishTokenizer,
    Tokenizer,
    load_tokenizer,
)

VERBS, NOUNS = ("love", "hate", "saw"), ("day", "city", "train", "play")
TWEETS = [f"i {v} this {n} so much <user> :red_heart:" for v in VERBS for n in NOUNS] * 20
WHOLE = ["<user>", ":red_heart:"]


@pytest.fixture(params=sorted(TOKENIZERS))
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    size = {"subword": 70}.get(request.param, 40)
    trained: Tokenizer = TOKENIZERS[request.param].train(TWEETS, size=size, whole=WHOLE)
    return trained


@pytest.mark.parametrize("text", ["", TWEETS[0], TWEETS[7], "<user>"])
def test_decode_gives_back_what_was_encoded(tokenizer: Tokenizer, text: str) -> None:
    [ids] = tokenizer.encode_many([text])
    assert tokenizer.decode(ids) == text
    assert PAD not in ids
    assert UNKNOWN not in ids


def test_nothing_has_no_ids_and_the_unknown_has_its_own(tokenizer: Tokenizer) -> None:
    nothing, unknown = tokenizer.encode_many(["", "ж"])
    assert nothing == []
    assert UNKNOWN in unknown


def test_every_id_is_within_the_vocabulary(tokenizer: Tokenizer) -> None:
    ids = [i for each in tokenizer.encode_many(TWEETS) for i in each]
    assert max(ids) < len(tokenizer) == len(tokenizer.pieces())


@pytest.mark.parametrize("kind", ["subword", "word", "basic_english"])
def test_special_tokens_and_emoji_are_one_piece(kind: str) -> None:
    tokenizer = TOKENIZERS[kind].train(TWEETS, size={"subword": 70}.get(kind, 40), whole=WHOLE)
    [ids] = tokenizer.encode_many(["<user> :red_heart: <user>"])
    assert [tokenizer.pieces()[i] for i in ids] == [" <user>", " :red_heart:", " <user>"]


def test_saved_and_loaded_it_is_the_same(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / tokenizer.file_name).write_bytes(tokenizer.to_bytes())
    loaded = load_tokenizer(tokenizer.kind, tmp_path)
    assert loaded.encode_many(TWEETS) == tokenizer.encode_many(TWEETS)
    assert loaded.pieces() == tokenizer.pieces()


def test_training_again_gives_the_same_vocabulary(tokenizer: Tokenizer) -> None:
    again = type(tokenizer).train(TWEETS, size=len(tokenizer), whole=WHOLE)  # type: ignore[attr-defined]
    assert again.pieces() == tokenizer.pieces()


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("it 's bad , not good !!", ["it", "'", "s", "bad", ",", "not", "good", "!", "!"]),
        ('he said : "no" ; (yes) .', ["he", "said", "no", "(", "yes", ")", "."]),
        ("<user> :red_heart: what ?", ["<user>", ":red_heart:", "what", "?"]),
    ],
)
def test_basic_english_sets_marks_apart_and_drops_some(text: str, units: list[str]) -> None:
    tokenizer = BasicEnglishTokenizer.train([text], size=40)
    [ids] = tokenizer.encode_many([text])
    assert [tokenizer.pieces()[i].strip() for i in ids] == units


def test_a_kind_of_the_future_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="newer positivity"):
        load_tokenizer("morpheme", tmp_path)
