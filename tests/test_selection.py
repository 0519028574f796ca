"""Which tweets count: every reason, in its order, and the words that X has for languages."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from positivity.errors import UsageError
from positivity.selection import Selection
from positivity.tweets import Kind, LeftOut, TweetBatch, tweet_batch

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
MARCH_IN_NEW_YORK = datetime(2026, 3, 1, tzinfo=ZoneInfo("America/New_York"))


def batch(*tweets: dict[str, Any]) -> TweetBatch:
    columns = {name for tweet in tweets for name in tweet}
    return tweet_batch(
        {"text": ["hello"] * len(tweets)} | {n: [t.get(n) for t in tweets] for n in columns},
        length=len(tweets),
    )


def english(texts: Any) -> Any:
    """Stands in for the detector: a text is English unless it says "foreign"."""
    return np.array(["foreign" not in text for text in texts])


def reasons(selection: Selection, tweets: TweetBatch) -> list[str | None]:
    return selection.left_out(tweets, tweets.column("text").to_pylist())


@pytest.mark.parametrize(
    ("tweet", "settings", "reason"),
    [
        ({}, {}, None),
        ({"text": "<url>"}, {}, LeftOut.EMPTY),
        ({"text": ""}, {}, LeftOut.EMPTY),
        ({"kind": Kind.RETWEET}, {}, LeftOut.RETWEET),
        ({"kind": Kind.RETWEET}, {"include_retweets": True}, None),
        ({"kind": Kind.REPLY}, {}, None),
        ({"text": "foreign"}, {}, LeftOut.LANGUAGE),
        ({"text": "foreign"}, {"language": "en"}, None),
        ({"text": "foreign", "lang": "en-gb"}, {}, None),
        ({"lang": "fr"}, {}, LeftOut.LANGUAGE),
        ({"lang": "French"}, {}, LeftOut.LANGUAGE),
        ({"lang": "English"}, {}, None),
        *(
            ({"text": "foreign", "lang": word}, {}, None)
            for word in ("en_US", "eng", "English (UK)")
        ),
        *(({"lang": word}, {}, None) for word in ("None", "nan", "NULL", "N/A", "unknown")),
        ({"text": "foreign", "lang": "None"}, {}, LeftOut.LANGUAGE),
        ({"lang": "other"}, {}, LeftOut.LANGUAGE),
        ({"lang": "qme"}, {}, None),
        ({"lang": "und", "text": "foreign"}, {}, LeftOut.LANGUAGE),
        (
            {"created_at": datetime(2026, 2, 28, 23, 59, tzinfo=UTC)},
            {"since": MARCH},
            LeftOut.DATES,
        ),
        ({"created_at": MARCH}, {"since": MARCH}, None),
        ({"created_at": MARCH}, {"until": MARCH}, LeftOut.DATES),
        ({}, {"since": MARCH}, LeftOut.UNDATED),
        ({}, {"until": MARCH}, LeftOut.UNDATED),
        ({"kind": Kind.RETWEET}, {"until": MARCH}, LeftOut.UNDATED),
        ({"created_at": date(2026, 3, 1)}, {"since": MARCH_IN_NEW_YORK}, None),
        ({"created_at": date(2026, 2, 28)}, {"since": MARCH_IN_NEW_YORK}, LeftOut.DATES),
        ({"created_at": MARCH}, {"since": MARCH_IN_NEW_YORK}, LeftOut.DATES),
        ({"created_at": date(2026, 3, 1)}, {"until": MARCH_IN_NEW_YORK}, LeftOut.DATES),
        ({"created_at": date(2026, 2, 28)}, {"until": MARCH_IN_NEW_YORK}, None),
        ({"created_at": MARCH, "kind": Kind.RETWEET}, {"until": MARCH}, LeftOut.DATES),
    ],
)
def test_each_reason(tweet: dict[str, Any], settings: dict[str, Any], reason: str | None) -> None:
    assert reasons(Selection(english, **settings), batch({"text": "hello"} | tweet)) == [reason]


def test_duplicates_are_found_across_batches() -> None:
    selection = Selection(english)
    assert reasons(selection, batch({"id": "1"}, {"id": "2"}, {"id": "1"})) == [
        *(None, None, LeftOut.DUPLICATE)
    ]
    assert reasons(selection, batch({"id": "2"}, {"id": "3"})) == [LeftOut.DUPLICATE, None]


def test_where_ids_are_unique_none_is_looked_for() -> None:
    tweets = batch({"id": "1", "text": "hello"}, {"id": "2", "text": ""})
    selection = Selection(english, unique=True)
    for _ in range(2):
        assert reasons(selection, tweets) == [None, LeftOut.EMPTY]


def test_without_ids_author_time_and_text_tell_duplicates() -> None:
    morning: dict[str, Any] = {"text": "Good morning!", "author": "a", "created_at": MARCH}
    others: list[dict[str, Any]] = [
        {"author": "b"},
        {"created_at": datetime(2026, 3, 2, tzinfo=UTC)},
        {"text": "x"},
    ]
    again = morning | {"author": "A"}  # in capitals or not, a handle is one author
    tweets = batch(morning, *(morning | other for other in others), morning, again)
    assert reasons(Selection(english), tweets) == [*[None] * 4, *[LeftOut.DUPLICATE] * 2]


def test_without_id_and_time_nothing_is_a_duplicate() -> None:
    assert reasons(Selection(english), batch({"author": "a"}, {"author": "a"})) == [None, None]


def test_another_language_than_the_model_s_is_refused() -> None:
    with pytest.raises(UsageError, match="--language 'de': the models read English"):
        Selection(english, language="de")
