import json
import shlex
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from positivity.cli import app
from positivity.errors import InputError
from positivity.model.registry import ModelDirectory
from positivity.sources.files import ReadOptions, open_tweets
from positivity.sources.payload import page_rows, tweet_row
from positivity.sources.reading import Reject
from positivity.tweets import PARTS, SCHEMA

API = Path(__file__).parents[2] / "shared" / "data" / "api"


def read(path: Path, **options: Any) -> tuple[list[dict[str, Any]], int, str]:
    with open_tweets(str(path), ReadOptions(**options)) as file:
        batches = list(file.batches(7))
    assert all(batch.schema == SCHEMA for batch in batches)
    return [row for batch in batches for row in batch.to_pylist()], file.unreadable, file.read_as


def read_text(folder: Path, content: str, **options: Any) -> tuple[list[dict[str, Any]], int, str]:
    path = folder / "tweets.json"
    path.write_text(content, encoding="utf-8", newline="")
    return read(path, **options)


@pytest.mark.parametrize("form", ["{}\n{}\n{}\n", "[{}, {}, {}]"], ids=["lines", "list"])
def test_what_is_not_a_number_is_nothing(tmp_path: Path, form: str) -> None:
    """As `json.dumps` writes the missing values of a frame."""
    rows = [
        {"id": "1", "text": "love", "likes": float("inf"), "author": float("nan")},
        {"id": "2", "text": float("nan")},
        {"id": "3", "text": "hate", "created_at": float("nan")},
    ]
    tweets, unreadable, _ = read_text(tmp_path, form.format(*map(json.dumps, rows)))
    assert [(row["text"], row["author"], row["likes"]) for row in tweets] == [
        ("love", None, None),
        ("hate", None, None),
    ]
    assert unreadable == 1


V2 = {
    "id": "20",
    "text": "cut…",
    "note_tweet": {"text": "whole &amp; long"},
    "author_id": "7",
    "lang": "en",
    "created_at": "2022-10-03T17:57:11.000Z",
    "public_metrics": {
        "retweet_count": 2,
        "reply_count": 12,
        "like_count": 27,
        "quote_count": 3,
        "impression_count": 99,
    },
}
PAGE = {"data": [V2], "includes": {"users": [{"id": "7", "username": "alice"}]}, "meta": {}}


@pytest.mark.parametrize(
    ("tweet", "fields"),
    [
        (
            V2,
            {
                "id": "20",
                "text": "whole & long",
                "author": None,
                "lang": "en",
                "kind": "original",
                "created_at": datetime(2022, 10, 3, 17, 57, 11, tzinfo=UTC),
                "likes": 27,
                "reposts": 2,
                "replies": 12,
                "quotes": 3,
                "views": 99,
            },
        ),
        ({"id": "1", "text": "cut", "note_post": {"text": "whole"}}, {"text": "whole"}),
        (
            {
                "text": "RT @a: cu…",
                "referenced_posts": [{"type": "retweeted", "id": "3", "text": "cut not"}],
            },
            {"kind": "retweet", "text": "RT @a: cut not"},
        ),
        (
            {"text": "hm", "referenced_tweets": [{"type": "quoted"}, {"type": "replied_to"}]},
            {"kind": "reply"},
        ),
        ({"text": "hm", "referenced_tweets": [{"type": "quoted"}]}, {"kind": "quote"}),
        ({"text": "@a hm", "referenced_tweets": [{"type": "odd"}, 3]}, {"kind": "reply"}),
        (
            {
                "id": 1577730467436138524,
                "id_str": "1577730467436138524",
                "full_text": "a &lt; b",
                "user": {"screen_name": "Bob"},
                "in_reply_to_status_id": None,
                "is_quote_status": False,
                "retweeted": False,
                "favorite_count": "5",
            },
            {
                "id": "1577730467436138524",
                "text": "a < b",
                "author": "Bob",
                "kind": "original",
                "likes": 5,
            },
        ),
        (
            {"text": "cut…", "truncated": True, "extended_tweet": {"full_text": "whole"}},
            {"text": "whole"},
        ),
        (
            {"full_text": "RT @a: lon…", "retweeted_status": {"full_text": "long indeed"}},
            {"text": "RT @a: long indeed", "kind": "retweet"},
        ),
        (
            {"text": "x", "in_reply_to_user_id": 1, "created_at": "Wed Aug 26 18:29:06 +0000 2026"},
            {"kind": "reply", "created_at": datetime(2026, 8, 26, 18, 29, 6, tzinfo=UTC)},
        ),
        (
            {
                "id": 5,
                "rawContent": "new",
                "date": "2021-01-02T03:04:05+00:00",
                "user": {"username": "carol"},
                "likeCount": 1,
                "retweetedTweet": None,
                "quotedTweet": {"id": 9},
            },
            {"id": "5", "text": "new", "author": "carol", "likes": 1, "kind": "quote"},
        ),
        (
            {"fullText": "hi", "author": {"userName": "dan"}, "isRetweet": True},
            {"author": "dan", "kind": "retweet"},
        ),
        ({"sentence": "", "id": 1.5e18}, {"text": "", "id": None}),
    ],
)  # fmt: skip
def test_tweet_row(tweet: dict[str, Any], fields: dict[str, Any]) -> None:
    row = tweet_row(tweet)
    assert row is not None
    assert row.keys() == set(PARTS)
    assert {name: row[name] for name in fields} == fields


@pytest.mark.parametrize(
    ("document", "texts"),
    [
        (PAGE, ["whole & long"]),
        ([PAGE, PAGE], ["whole & long"] * 2),
        ({"data": V2}, ["whole & long"]),
        ({"ok": True, "data": [{"text": "a"}, {"id": 1}, 5]}, ["a", None, None]),
        ({"meta": {"result_count": 0}}, []),
        ({"errors": [{"title": "x"}]}, []),
        ({"statuses": [{"text": "a"}]}, ["a"]),
        ({"whatever": [{"body": "a"}]}, ["a"]),
        ([{"tweet": {"full_text": "a"}}], ["a"]),
        ({"id": 1, "text": None}, [None]),
        ("hello", [None]),
        ([[{"text": "a"}]], [None]),
        ({}, []),
    ],
)
def test_page_rows(document: Any, texts: list[str | None]) -> None:
    assert [row and row["text"] for row in page_rows(document)] == texts


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["data", "tweets", "statuses"])
def test_a_page_that_is_cut_short(tmp_path: Path, indent: int | None, name: str) -> None:
    tweets = [{"id": str(n), "text": f"so good {n}"} for n in range(9)]
    path = tmp_path / "page.json"
    path.write_text(json.dumps({name: tweets, "meta": {}}, indent=indent)[:-60])
    rejects: list[Reject] = []
    with open_tweets(str(path)) as file:
        file.on_reject = rejects.append
        rows = [row for batch in file.batches() for row in batch.to_pylist()]
    assert 6 <= len(rows) <= 8
    assert [row["id"] for row in rows] == [str(n) for n in range(len(rows))]
    assert len(rejects) == file.unreadable == 1
    assert rejects[0].reason == "is no JSON that is whole"
    assert file.damaged


def test_an_envelope_with_tweets_under_data() -> None:
    tweet = {"id": "5", "text": "hi", "author": {"screenName": "bob"}}
    (row,) = page_rows({"ok": True, "data": {"tweets": [tweet], "cursor": "x"}})
    assert row is not None
    assert (row["id"], row["author"]) == ("5", "bob")


@pytest.mark.parametrize("note", [None, "hi there, and all the rest"])
def test_tweets_as_the_pages_of_x_get_them(note: str | None) -> None:
    tweet = {
        "rest_id": "1577730467436138524",
        "core": {"user_results": {"result": {"legacy": {"screen_name": "bob"}}}},
        "legacy": {
            "full_text": "hi there &amp;",
            "created_at": "Wed Aug 26 18:29:06 +0000 2026",
            "favorite_count": 3,
            "in_reply_to_status_id_str": "7",
        },
    }
    if note:
        tweet["note_tweet"] = {"note_tweet_results": {"result": {"text": note}}}
    (row,) = page_rows([tweet])
    assert row is not None
    assert row["text"] == (note or "hi there &")
    assert (row["id"], row["author"], row["likes"]) == ("1577730467436138524", "bob", 3)
    assert row["kind"] == "reply"


def test_a_page_names_its_authors_and_what_they_repeat() -> None:
    page = {
        "data": [
            {
                "text": "RT @bob: l…",
                "author_id": "1",
                "referenced_tweets": [{"type": "retweeted", "id": "9"}],
            }
        ],
        "includes": {
            "users": [{"id": "1", "username": "alice"}],
            "tweets": [{"id": "9", "text": "long"}],
        },
    }
    (row,) = page_rows(page)
    assert row is not None
    assert (row["author"], row["text"]) == ("alice", "RT @bob: long")


@pytest.mark.parametrize(
    ("content", "texts", "unreadable", "read_as"),
    [
        ('{"text":"a"}\n{"text":"b"}\n', ["a", "b"], 0, "JSON Lines, UTF-8"),
        ('\ufeff{"text":"a"}\r\n\r\n{"text":"b"}', ["a", "b"], 0, "JSON Lines, UTF-8"),
        ('{"text":"a"}\n{"text":"b', ["a"], 1, "JSON Lines, UTF-8"),
        ('{"text":"a\n{"text":"b"}\n{"text":"c"}\n', ["b", "c"], 1, "JSON Lines, UTF-8"),
        ('{"text":"a"}\n{"id":3}\n{"text":null}\n7\nx\n', ["a"], 4, "JSON Lines, UTF-8"),
        ('{"text":"a\\ud83d"}\n', ["a\ufffd"], 0, "JSON Lines, UTF-8"),
        ('{"text":"a&amp;amp;\\u2028b"}\n', ["a&amp;\u2028b"], 0, "JSON Lines, UTF-8"),
        ('[{"text":"a"},{"text":"b"}]', ["a", "b"], 0, "JSON, UTF-8"),
        ('[{"text":"a"},\n{"text":"b"},\n{"te', ["a", "b"], 1, "JSON, UTF-8"),
        ('[{"text":"a"} {"text":"b"}]', ["a", "b"], 0, "JSON, UTF-8"),
        ('[{"text":"a"}, {"text" "b"}, {"text":"c"}]', ["a"], 1, "JSON, UTF-8"),
        ('{\n "data": [\n  {"text": "a"},\n  {"text": "b"}\n ]\n}\n', ["a", "b"], 0, "JSON, UTF-8"),
        ('{"tweets": [{"text":"a"}]}', ["a"], 0, "JSON Lines, UTF-8"),
    ],
)  # fmt: skip
def test_files(
    tmp_path: Path, content: str, texts: list[str], unreadable: int, read_as: str
) -> None:
    rows, found, how = read_text(tmp_path, content)
    assert [row["text"] for row in rows] == texts
    assert found == unreadable
    assert how == read_as


@pytest.mark.parametrize("content", ["[BREAKING] good news\n{sigh} ok\n", "{ sigh }\nwell\n"])
def test_brackets_do_not_make_json(tmp_path: Path, content: str) -> None:
    rows, _, _ = read_text(tmp_path, content)
    assert [row["text"] for row in rows] == content.splitlines()


def test_chosen_keys(tmp_path: Path) -> None:
    line = json.dumps({"text": "no", "x": {"said": "yes"}, "who": "eve", "when": "2020-01-01"})
    rows, _, _ = read_text(
        tmp_path, line, text_column="x.said", author_column="who", date_column="when"
    )
    assert (rows[0]["text"], rows[0]["author"]) == ("yes", "eve")
    assert rows[0]["created_at"] == datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("[]", {}, "without any tweet"),
        ('{"data":[],"meta":{"result_count":0}}', {}, "without any tweet"),
        ('{"a":1,"b":2}\n', {}, "its keys are 'a', 'b'"),
        (json.dumps({str(n): {"b": n} for n in range(100)}), {}, "'29' and 70 more; name one"),
        ('{"text":"x"}\n', {"text_column": "y"}, "no text under 'y'"),
        ('{\n"data": [\n{"te', {}, "not whole"),
        ("[" * 100_000, {}, "no line of JSON"),
    ],
)
def test_errors(tmp_path: Path, content: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, content, **options)
    assert str(caught.value).startswith(str(tmp_path / "tweets.json"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def referenced_kinds(tweet: dict[str, Any]) -> str:
    """The kind of a real tweet, worked out afresh."""
    types = {reference["type"] for reference in tweet.get("referenced_tweets", [])}
    for name, kind in (("retweeted", "retweet"), ("replied_to", "reply"), ("quoted", "quote")):
        if name in types:
            return kind
    if "in_reply_to_user_id" in tweet or tweet["text"].startswith("@"):
        return "reply"
    return "original"


@pytest.mark.shared_data
@pytest.mark.skipif(not API.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize("name", ["flat", "noflat", "edited", "quoted_edit", "streaming"])
def test_real_payloads(name: str) -> None:
    (path,) = API.glob(f"twarc_{name}*.jsonl")
    documents = []
    broken = 0
    for line in path.read_text("utf-8").split("\n"):
        try:
            documents += [json.loads(line)] if line.strip() else []
        except ValueError:
            broken += 1
    pages = [page.get("data", page) for page in documents]
    tweets = [tweet for page in pages for tweet in (page if isinstance(page, list) else [page])]
    assert tweets
    assert broken == (name == "streaming")
    users = {
        user["id"]: user["username"]
        for page in documents
        for user in page.get("includes", {}).get("users", [])
    }
    rows, unreadable, _ = read(path)
    assert unreadable == broken
    assert [row["id"] for row in rows] == [tweet["id"] for tweet in tweets]
    assert Counter(row["kind"] for row in rows) == Counter(map(referenced_kinds, tweets))
    for row, tweet in zip(rows, tweets, strict=True):
        author = tweet["author"]["username"] if "author" in tweet else users[tweet["author_id"]]
        assert row["author"] == author
        assert row["lang"] == tweet["lang"]
        assert row["likes"] == tweet["public_metrics"]["like_count"]
        assert row["text"].startswith(tweet["text"][:20].partition("&")[0])
        assert row["created_at"] == datetime.fromisoformat(tweet["created_at"])


def test_tweets_without_a_time_have_that_of_their_ids(tmp_path: Path) -> None:
    path = tmp_path / "default fields.json"
    tweets = [{"id": "1050118621198921728", "text": "a"}, {"id": "20", "text": "b"}]
    path.write_text(json.dumps({"data": tweets}))
    with open_tweets(str(path)) as file:
        (rows,) = (batch.to_pylist() for batch in file.batches())
    assert rows[0]["created_at"].isoformat()[:19] == "2018-10-10T20:19:24"
    assert rows[1]["created_at"] is None
    assert file.notes == (f"{path}: tweets without a time have that of their ids.",)


def test_labels_are_pointed_out_with_a_command_that_reads_them(
    tmp_path: Path, tiny_model: ModelDirectory
) -> None:
    path = tmp_path / "labelled.jsonl"
    values = [("love great", "positive"), ("hate awful", "negative"), ("the train", "neutral")]
    lines = [json.dumps({"id": 10**18 + 7, "tweet": t, "sentiment": s}) for t, s in values * 3]
    path.write_text("\n".join(lines), encoding="utf-8")
    with open_tweets(str(path)) as file:
        list(file.batches())
        (note,) = [note for note in file.notes if "has labels" in note]
    command = shlex.split(note.split("`")[1])
    assert command[:2] == ["positivity", "evaluate"]
    result = CliRunner().invoke(app, [*command[1:], "--model", str(tiny_model.path)])
    assert result.exit_code == 0
    assert "macro-averaged recall" in result.stdout


def test_a_broken_first_line_does_not_make_text_of_the_lines_below(tmp_path: Path) -> None:
    good = [json.dumps({"id": str(n), "text": f"tweet {n}"}) for n in range(4)]
    rows, unreadable, read_as = read_text(tmp_path, "\n".join(["{oops", *good]))
    assert [row["text"] for row in rows] == ["tweet 0", "tweet 1", "tweet 2", "tweet 3"]
    assert (unreadable, read_as) == (1, "JSON Lines, UTF-8")


def test_an_array_of_texts_is_read_as_tweets(tmp_path: Path) -> None:
    rows, unreadable, read_as = read_text(tmp_path, '[ "one \\"quoted\\"",\n "two, three", 4]')
    assert [row["text"] for row in rows] == ['one "quoted"', "two, three"]
    assert (unreadable, read_as) == (1, "JSON, UTF-8")
    alone, _, _ = read_text(tmp_path, '["I love it"]\n')
    assert [row["text"] for row in alone] == ["I love it"]


def test_a_tweet_that_begins_in_brackets_is_text(tmp_path: Path) -> None:
    rows, _, read_as = read_text(tmp_path, '["Great"] he said, and left\nfine by me\n')
    assert [row["text"] for row in rows] == ['["Great"] he said, and left', "fine by me"]
    assert read_as.startswith("text, one tweet a line")


MESSAGE = {"id": "9", "event_type": "MessageCreate", "text": "secret", "dm_conversation_id": "1-2"}


@pytest.mark.parametrize(
    "document",
    [MESSAGE, [MESSAGE], {"data": [MESSAGE], "meta": {}}, [{"dmConversation": {"messages": []}}]],
)
@pytest.mark.parametrize("options", [{}, {"text_column": "text"}])
def test_direct_messages_are_never_read(
    tmp_path: Path, document: Any, options: dict[str, str]
) -> None:
    with pytest.raises(InputError, match="holds direct messages, which are never read"):
        read_text(tmp_path, json.dumps(document), **options)


@pytest.mark.parametrize(
    "options",
    [{"format": "lines"}, {"format": "sentiment140"}, {"format": "table"}, {"delimiter": ";"}],
)
@pytest.mark.parametrize(
    "content",
    [
        'window.YTD.direct_messages.part0 = [\n{"dmConversation": {"messages": []}}]',
        'window.YTD.like.part0 = [\n{"like": {"fullText": "words of another"}}]',
        json.dumps([{"dmConversation": {"messages": []}}], indent=2),
        json.dumps({"data": [MESSAGE]}),
        json.dumps({"id": "9", "sender_id": "1", "recipient_id": "2", "text": "secret"}) + "\n",
        "id,text,dm_conversation_id\n9,secret,1-2\n",
    ],
)
def test_nor_are_they_where_the_form_is_said(
    tmp_path: Path, content: str, options: dict[str, str]
) -> None:
    told = "holds direct messages, which are never read|which are other people's words"
    with pytest.raises(InputError, match=told):
        read_text(tmp_path, content, **options)


def test_tweets_among_direct_messages_are_read(tmp_path: Path) -> None:
    content = json.dumps({"id": "1", "text": "public"}) + "\n" + json.dumps(MESSAGE) + "\n"
    rows, unreadable, _ = read_text(tmp_path, content)
    assert ([row["text"] for row in rows], unreadable) == (["public"], 1)


def test_a_table_of_direct_messages_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "messages.csv"
    path.write_text("id,dm_conversation_id,text\n1,2-3,secret\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds direct messages, which are never read"):
        read(path)


@pytest.mark.parametrize("between", ["", "\n", ",\n"])
@pytest.mark.parametrize(
    "form", ['[{{"text": "{}"}}]', '{{\n"data": [\n{{"text": "{}", "id": "20"}}\n]}}']
)
def test_documents_one_after_the_other_are_all_read(
    tmp_path: Path, form: str, between: str
) -> None:
    """As `cat page*.json` makes them."""
    rows, unreadable, _ = read_text(tmp_path, between.join(map(form.format, "abc")))
    assert [row["text"] for row in rows] == ["a", "b", "c"]
    assert unreadable == 0


def test_what_follows_a_document_and_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "tweets.json"
    for text in ('[{"text": "a"}] trailing', '{\n"data":\n[{"id": "20", "text": "a"}]}\n{"da'):
        path.write_text(text, encoding="utf-8")
        with open_tweets(str(path)) as file:
            rows = [row for batch in file.batches() for row in batch.to_pylist()]
        assert [row["text"] for row in rows] == ["a"]
        assert file.unreadable == 1
        assert file.damaged


@pytest.mark.parametrize("part", ["id", "date", "author", "lang"])
def test_a_key_that_is_nowhere_is_not_taken_in_silence(tmp_path: Path, part: str) -> None:
    tweets = [{"id": "20", "text": "a", "created_at": "2026-05-01", "lang": "en", "user": "x"}]
    said = f"nothing to read under 'nonsense' \\(--{part}-column\\); its keys are 'id', 'text'"
    with pytest.raises(InputError, match=said):
        read_text(tmp_path, json.dumps(tweets), **{f"{part}_column": "nonsense"})


def test_an_empty_text_does_not_hide_the_one_that_is_there(tmp_path: Path) -> None:
    tweets = [
        {"full_text": "", "text": "short"},
        {"text": "cut…", "note_tweet": {"text": ""}},
        {"full_text": "whole", "text": "cut…"},
        {"full_text": "", "text": ""},
    ]
    rows, unreadable, _ = read_text(tmp_path, json.dumps(tweets))
    assert [row["text"] for row in rows] == ["short", "cut…", "whole", ""]
    assert unreadable == 0


@pytest.mark.parametrize("orient", ["columns", "index", "records"])
def test_frames_as_pandas_writes_them(tmp_path: Path, orient: Any) -> None:
    frame = pd.DataFrame(
        {"id": ["20", "21"], "text": ["love", "hate"], "created_at": ["2026-05-01T10:00", None]}
    )
    for indent in (None, 2):
        rows, unreadable, _ = read_text(tmp_path, frame.to_json(orient=orient, indent=indent))
        assert [(row["id"], row["text"]) for row in rows] == [("20", "love"), ("21", "hate")]
        assert [row["created_at"] is None for row in rows] == [False, True]
        assert unreadable == 0


@pytest.mark.parametrize("key", ["body", "x", "7"])
def test_parts_of_a_thing_are_no_tweets(tmp_path: Path, key: str) -> None:
    line = {"content": {key: "so nice", "lang": "en"}, "by": {key: "ada", "lang": "en"}}
    with pytest.raises(InputError, match="has no text of tweets; its keys are 'content', 'by'"):
        read_text(tmp_path, json.dumps(line))


def test_tweets_under_their_ids(tmp_path: Path) -> None:
    tweets = {"20": {"text": "love"}, "21": {"full_text": "hate"}, "22": {"no": "text"}}
    for indent in (None, 1):
        rows, unreadable, _ = read_text(tmp_path, json.dumps(tweets, indent=indent))
        assert [row["text"] for row in rows] == ["love", "hate"]
        assert unreadable == 1
