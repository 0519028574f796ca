import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from positivity.errors import InputError, UsageError
from positivity.sources.files import ReadOptions, open_tweets
from positivity.sources.reading import Reject
from positivity.tweets import SCHEMA


def read(path: Path, **options: Any) -> tuple[list[dict[str, Any]], int, str]:
    """The tweets of a file, how many rows were unreadable, and how it was read."""
    with open_tweets(str(path), ReadOptions(**options)) as file:
        batches = list(file.batches(3))
    for batch in batches:
        batch.validate(full=True)
        assert batch.schema == SCHEMA
        assert batch.num_rows <= 3
    return [row for batch in batches for row in batch.to_pylist()], file.unreadable, file.read_as


def read_text(folder: Path, content: str | bytes, **options: Any) -> Any:
    path = folder / "tweets.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, **options)


def texts(folder: Path, content: str | bytes, **options: Any) -> list[str]:
    return [row["text"] for row in read_text(folder, content, **options)[0]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,text\n1,good\n2,bad\n", ["good", "bad"]),
        ("id;text\n1;good, very\n2;bad\n", ["good, very", "bad"]),
        ("id\ttext\n1\tgood, very\n2\tbad\n", ["good, very", "bad"]),
        ("id|text\n1|good; or\n2|bad\n", ["good; or", "bad"]),
        ("Tweet Id,Tweet_Text\r\n1,good\r\n2,bad\r\n", ["good", "bad"]),
        ("id,text\r1,good\r2,bad\r", ["good", "bad"]),
        ("text\ngood, really; good\nbad\n", ["good, really; good", "bad"]),
        ('text\n"good, ""really"""\n"two\nlines"\n""\n', ['good, "really"', "two\nlines", ""]),
        ('id,text\n1,"two\n\nlines, one"\n2,bad\n', ["two\n\nlines, one", "bad"]),
        ('id,text\n1,He said 5" is, tall\n2,fine\n', ["fine"]),
        ('id,text\n1,about 5" tall\n2,fine\n3,4" too\n', ['about 5" tall', "fine", '4" too']),
        ("id,text\n1,NA\n2,null\n3,None\n4,nan\n5,\n", ["NA", "null", "None", "nan", ""]),
        ("id,text\n1,a\0b\n", ["ab"]),
        ("id,text\n1,a\u2028b\x0bc\x85\n", ["a\u2028b\x0bc\x85"]),
        ("id,text\n1,&amp;lt; &gt; &#39;\n", ["&lt; > '"]),
        ("id,text\n\n1,good\n\n,\n2,bad\n", ["good", "bad"]),
        ("date,text,full_text\n2020-01-01,cut…,whole\n", ["whole"]),
        ("포스트 텍스트,날짜\n오늘은 정말 좋은 날이다,2026-06-05\n나쁜 하루 였다,2026-06-06\n",
         ["오늘은 정말 좋은 날이다", "나쁜 하루 였다"]),
        ("just a tweet, really\nand another one\nshort\n",
         ["just a tweet, really", "and another one", "short"]),
        ('"Hello" she said\nfine by me\n', ['"Hello" she said', "fine by me"]),
        ("Hello, world\n", ["Hello, world"]),
        ("one, two\nthree, four\n", ["one, two", "three, four"]),
        ("positive,I love it\nnegative,I hate it\npositive,So good\n",
         ["I love it", "I hate it", "So good"]),
    ],
)  # fmt: skip
def test_texts(tmp_path: Path, content: str, expected: list[str]) -> None:
    assert texts(tmp_path, content) == expected


@pytest.mark.parametrize(
    ("content", "expected", "unreadable"),
    [
        # An open quote costs its own row and no other.
        ('id,text\n1,"open\n2,"fine"\n3,"good, too"\n', ["fine", "good, too"], 1),
        ('id,text\n1,"fine"\n2,"open\n3,plain\n4,"good, too"\n', ["fine", "plain", "good, too"], 1),
        ('text,id\n"open,1\n"fine",2\n"good, too",3\n', ["fine", "good, too"], 1),
        ('id,text\n1,"open\n' + "2,plain\n" * 120, ["plain"] * 120, 1),
        ('id,text\n1,"open\n2,' + "x" * 120_000 + "\n3,fine\n", ["x" * 120_000, "fine"], 1),
        # The last row is cut.
        ('id,text,lang\n1,fine,en\n2,"cut in the mid', ["fine"], 1),
        ('id,text,lang\n1,fine,en\n2,"cut\nin two lines', ["fine"], 1),
        ("id,text,lang\n1,fine,en\n2", ["fine"], 1),
        ("id,text,lang\n1,fine,en\n2,short", ["fine", "short"], 0),
        # Too many cells.
        ("id,text,lang\n1,fine,en\n2,one, two,en\n3,good,en\n", ["fine", "good"], 1),
        ("id,text\n1,fine,,\n2,good,,\n", ["fine", "good"], 0),
    ],
)
def test_good_rows_are_never_lost(
    tmp_path: Path, content: str, expected: list[str], unreadable: int
) -> None:
    rows, found, _ = read_text(tmp_path, content)
    assert [row["text"] for row in rows] == expected
    assert found == unreadable


def test_quotes_that_are_escaped_as_databases_do(tmp_path: Path) -> None:
    content = (
        'id,text\n1,"he said \\"hi, you\\" and left"\n2,"plain, text"\n3,"two\nlines \\"x\\""\n'
        '4,"a path C:\\\\dir\\\\"\n'
    )
    rows, unreadable, _ = read_text(tmp_path, content)
    assert [row["text"] for row in rows] == [
        'he said "hi, you" and left',
        "plain, text",
        'two\nlines "x"',
        "a path C:\\dir\\",
    ]
    assert unreadable == 0


def test_a_backslash_at_the_end_of_a_cell_is_only_that(tmp_path: Path) -> None:
    content = 'id,text,n\n1,"so good \\o/ \\",5\n2,"plain, text",6\n3,"¯\\_(ツ)_/¯",7\n'
    rows, unreadable, _ = read_text(tmp_path, content)
    assert [row["text"] for row in rows] == ["so good \\o/ \\", "plain, text", "¯\\_(ツ)_/¯"]
    assert unreadable == 0


@pytest.mark.parametrize(
    ("content", "said", "rejected"),
    [
        ("sep=;\r\nid;text\r\n1;hello, you\r\nx\r\n2;good\r\n", "1 line above the table",
         [4]),
        ("Export of 2021\nby, me\n\ntext,id,date\nhello,1,2021-01-02\nx\na,b,c,d\n",
         "3 lines above the table", [7]),
    ],
)  # fmt: skip
def test_what_stands_above_a_table(
    tmp_path: Path, content: str, said: str, rejected: list[int]
) -> None:
    path = tmp_path / "tweets.csv"
    path.write_bytes(content.encode())
    rejects: list[Reject] = []
    with open_tweets(str(path)) as file:
        file.on_reject = rejects.append
        rows = [row for batch in file.batches() for row in batch.to_pylist()]
    assert rows[0]["text"].startswith("hello")
    assert rows[0]["id"] == "1"
    assert said in file.read_as
    assert [row.line for row in rejects] == rejected


BODY = [f"{n},2024-03-0{n},bob,so good {n},{n}" for n in range(1, 8)]


@pytest.mark.parametrize("rows", [2, 7])
@pytest.mark.parametrize(
    ("above", "names"),
    [
        (["Export,,,,", "Period,2024,,,"], "Tweet ID,Date,Author,Tweet Text,Likes"),
        (["Export,,,,", ",,,,", "Author,bob,Date,2024,"], "Tweet ID,Date,Author,Tweet Text,Likes"),
        (["Export from Tool X"], "Tweet ID,Published,Author,Post Content,Likes"),
        (["Export from Tool X,,,,"], "Tweet ID,Published,Author,Post Content,Likes"),
        (["Name,bob", "Date,2024"], "Tweet ID,Published,Author,Post Content,Likes"),
    ],
)
def test_titles_do_not_hide_the_names(
    tmp_path: Path, above: list[str], names: str, rows: int
) -> None:
    found, unreadable, read_as = read_text(tmp_path, "\n".join([*above, names, *BODY[:rows]]))
    assert [row["text"] for row in found] == [f"so good {n}" for n in range(1, rows + 1)]
    assert [row["id"] for row in found] == [f"{n}" for n in range(1, rows + 1)]
    assert {row["author"] for row in found} == {"bob"}
    assert found[0]["created_at"] == datetime(2024, 3, 1, tzinfo=UTC)
    assert f"{len(above)} line{'s' * (len(above) > 1)} above the table" in read_as
    assert unreadable == 0


@pytest.mark.parametrize(
    "lines",
    [
        ["what a day", "so good", "Author, date", "love it here", "never again"],
        ["what a day", "so good", "post, comment", "love it here", "never again"],
        ["11111111,,what a day", "22222222,,so good", "33333333,name,post", "44444444,bob,fine"],
        ["11111111,,what a day", "22222222,,so good", "33333333,name,user", "44444444,bob,fine"],
        ["what a day.,,", "so good,,", "bob is here,name,user", "all is lost,name,", "fine now,,"],
    ],
)
def test_tweets_that_read_like_names_stay_tweets(tmp_path: Path, lines: list[str]) -> None:
    found, _, read_as = read_text(tmp_path, "\n".join(lines))
    assert len(found) == len(lines)
    assert "above the table" not in read_as


def test_a_date_with_a_name_in_another_language(tmp_path: Path) -> None:
    content = "Datum;Nutzer;Tweet\n03.04.2021 12:00;bob;schön, oder\n"
    rows, _, read_as = read_text(tmp_path, content)
    assert rows[0]["created_at"] == datetime(2021, 4, 3, 12, tzinfo=UTC)
    assert "time from 'Datum'" in read_as


def test_what_is_of_others_is_not_the_tweet_s_beside_a_text_of_unknown_name(tmp_path: Path) -> None:
    content = (
        "user_id,user_since,texto,clave,cuando\n"
        "11111111,2012-01-01 10:00,so happy today,1094478389921091584,2021-04-03 12:00\n"
        "22222222,2013-01-01 10:00,and now not so much,1094478689251848192,2021-04-03 13:00\n"
    )
    rows, _, read_as = read_text(tmp_path, content)
    assert [row["id"] for row in rows] == ["1094478389921091584", "1094478689251848192"]
    assert rows[0]["created_at"] == datetime(2021, 4, 3, 12, tzinfo=UTC)
    assert read_as.endswith("text from 'texto', time from 'cuando'")


@pytest.mark.parametrize(
    ("names", "created_at", "said"),
    [
        ("user,When,text,likes", datetime(2021, 4, 3, 12, tzinfo=UTC), "time from 'When'"),
        ("user,text,likes,When", datetime(2021, 4, 3, 12, tzinfo=UTC), "time from 'When'"),
        ("user,Collected,text,likes", None, None),  # not when it was written
        ("user,user_since,text,likes", None, None),
        ("user,When,text,Noted", None, "no time, as 'When' and 'Noted' hold times: say which with "
         "--date-column"),
    ],
)  # fmt: skip
def test_a_time_whose_name_is_not_known(
    tmp_path: Path, names: str, created_at: datetime | None, said: str | None
) -> None:
    cells = {"user": "bob", "text": "so, happy", "likes": "3"}
    row = ",".join(f'"{cells.get(name, "2021-04-03 12:00:00")}"' for name in names.split(","))
    rows, _, read_as = read_text(tmp_path, f"{names}\n{row}\n")
    assert [row["created_at"] for row in rows] == [created_at]
    assert read_as.endswith(said or "text from 'text'")


def test_ids_whose_name_is_not_known(tmp_path: Path) -> None:
    content = (
        "user,conversation,Key,Comment,reply_to\n"
        "bob,1094478389921091580,1094478389921091584,so happy today,\n"
        "bob,1094478689251848190,1094478689251848192,and now not so much,\n"
    )
    rows, _, read_as = read_text(tmp_path, content)
    assert [row["id"] for row in rows] == ["1094478389921091584", "1094478689251848192"]
    assert read_as.endswith("text from 'Comment', time from the ids")


def test_tsv_without_quoting(tmp_path: Path) -> None:
    lines = ['1\tpositive\t"To be" or not', '2\tneutral\t"never closed', "3\tneutral\tplain"]
    rows, unreadable, _ = read_text(tmp_path, "\n".join(lines * 4))
    assert [row["text"] for row in rows] == [line.split("\t")[2] for line in lines * 4]
    assert unreadable == 0


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("cp1252", "Windows-1252"),
        ("latin-1", "Windows-1252"),  # of which it is a part
        ("mac_roman", "Mac Roman"),
    ],
)
@pytest.mark.parametrize("plain", [1, 50])
def test_encodings(tmp_path: Path, encoding: str, shown: str, plain: int) -> None:
    text = "“I wouldn’t go to the café – it’s a cliché,” she said…"
    if encoding == "latin-1":
        text = "qué pena, the café in Zürich was très bien"
    content = "id,text\n" + (f'1,"{text}"\n' + "2,plain words\n" * plain) * 5
    rows, _, read_as = read_text(tmp_path, content.encode(encoding))
    assert rows[0]["text"] == text
    assert shown in read_as


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_letters_whose_second_byte_is_zero(tmp_path: Path, encoding: str) -> None:
    """In either order of the bytes such a text has zeros at even and at odd places."""
    for text in ("ĀĀ", "Ā" * 12, "\u3c00" * 40):
        assert texts(tmp_path, f"id,text\r\nt0,{text}\r\n".encode(encoding)) == [text]


@pytest.mark.parametrize("pad", range(4))
def test_a_character_cut_at_the_end_of_the_head(tmp_path: Path, pad: int) -> None:
    content = "id,text\n" + "7" * pad + ("1," + "😀" * 100 + "\n") * 4000
    rows, unreadable, read_as = read_text(tmp_path, content)
    assert (len(rows), unreadable) == (4000, 0)
    assert {row["text"] for row in rows} == {"😀" * 100}
    assert "UTF-8" in read_as


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_an_encoding_that_shows_after_the_head(tmp_path: Path, encoding: str) -> None:
    content = "id,text\n" + "1,only plain words\n" * 60_000 + "2,très “bien” café\n" * 3
    rows, _, _ = read_text(tmp_path, content.encode(encoding))
    assert [row["text"] for row in rows[-3:]] == ["très “bien” café"] * 3


def test_stray_bytes_do_not_change_the_encoding(tmp_path: Path) -> None:
    content = "id,text\n" + "1,très bien 😀\n" * 20
    rows, _, read_as = read_text(tmp_path, content.encode() + b"2,stray \xff byte\n")
    assert rows[0]["text"] == "très bien 😀"
    assert rows[-1]["text"] == "stray \ufffd byte"
    assert "UTF-8" in read_as


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (
            "tweet_id,in_reply_to_status_id,timestamp,source,text,retweeted_status_id\n"
            "1577730467436138524,,2017-10-11 22:18:59 +0000,web,so happy,\n",
            {"id": "1577730467436138524", "created_at": (2017, 10, 11, 22, 18, 59)},
        ),
        (
            "tweet_id,in_reply_to_status_id,timestamp,source,text,retweeted_status_id\n"
            "2,12,2017-10-11 22:18:59 +0000,web,so happy,\n",
            {"id": "2", "kind": "reply"},
        ),
        (
            "tweet_id,in_reply_to_status_id,timestamp,source,text,retweeted_status_id\n"
            "2,12,2017-10-11 22:18:59 +0000,web,so happy,13\n",
            {"kind": "retweet"},
        ),
        (
            "\ufeffPost id,Date,Post text,Impressions,Likes,Replies,Reposts\n"
            '12,"Fri, Jun 5, 2026",hello there,"1,234",5,0,2\n',
            {"id": "12", "created_at": (2026, 6, 5), "views": 1234, "likes": 5, "replies": 0},
        ),
        (
            "id,text,isRetweet,isDeleted,device,favorites,retweets,date,isFlagged\n"
            "7,great!,t,f,web,49,255,2011-08-02 18:07:48,f\n",
            {"kind": "retweet", "likes": 49, "reposts": 255},
        ),
        (
            "id,text,isRetweet,isDeleted,device,favorites,retweets,date,isFlagged\n"
            "7,great!,f,f,web,49,255,2011-08-02 18:07:48,f\n",
            {"kind": "original"},
        ),
        (
            "source,text,created_at,retweet_count,favorite_count,is_retweet,id_str\n"
            "Web,great!,8/9/18 22:50,1,2,false,1.02769e+18\n",
            {"id": None, "created_at": (2018, 8, 9, 22, 50), "likes": 2, "reposts": 1},
        ),
        (
            "id,author.username,text,lang,public_metrics.like_count,referenced_tweets.quoted.id,"
            "referenced_tweets.retweeted.id\n3,@alice,look here,en,4.0,99,\n",
            {"author": "alice", "lang": "en", "likes": 4, "kind": "quote"},
        ),
        ("Datetime,Tweet Id,Text,Username\n2021-01-02 03:04:05+00:00,5,hi,bob\n",
         {"id": "5", "author": "bob", "created_at": (2021, 1, 2, 3, 4, 5)}),
        ("author/userName,fullText,createdAt\nbob,hi,Wed Aug 26 18:29:06 +0000 2026\n",
         {"author": "bob", "created_at": (2026, 8, 26, 18, 29, 6)}),
        ("id,text\n'15,RT @a: hi\n", {"id": "15", "kind": "retweet"}),
        ("id,text,is_retweet\n15,hi,VRAI\n", {"kind": "retweet"}),
        ("id,text,is_retweet\n15,hi,FAUX\n", {"kind": "original"}),
        ("id,text,is_retweet\n15,hi,ИСТИНА\n", {"kind": "retweet"}),
        ("id,text\n12.0,@a hi\n", {"id": "12", "kind": "reply"}),
        ("id,text\n,hi\n", {"id": None}),
    ],
)  # fmt: skip
def test_columns_of_exports(tmp_path: Path, content: str, fields: dict[str, Any]) -> None:
    rows, unreadable, _ = read_text(tmp_path, content)
    assert unreadable == 0
    assert rows[0]["source"] == str(tmp_path / "tweets.csv")
    for name, value in fields.items():
        if isinstance(value, tuple):
            value = datetime(*value).replace(tzinfo=UTC)
        assert rows[0][name] == value, name


def test_sentiment140(tmp_path: Path) -> None:
    lines = [
        f'"{gold}","146781036{n}","Mon Apr 06 22:19:45 PDT 2009","NO_QUERY","user{n}",'
        f'"@a day {n}, ok "'
        for n, gold in enumerate("04040")
    ]
    rows, unreadable, read_as = read_text(tmp_path, "\n".join(lines).encode("latin-1"))
    assert (len(rows), unreadable) == (5, 0)
    assert rows[0]["author"] == "user0"
    assert rows[0]["id"] == "1467810360"
    assert rows[0]["text"] == "@a day 0, ok "
    assert rows[0]["created_at"] == datetime(2009, 4, 7, 5, 19, 45, tzinfo=UTC)
    assert "no header" in read_as
    assert read_text(tmp_path, "\n".join(lines), format="sentiment140")[0] == rows


@pytest.mark.parametrize(
    "content", ["id,text\n1,so good\n", "so good\n", '{"id": "1", "text": "so good"}\n']
)
def test_what_is_said_to_be_sentiment140_and_is_not(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match="is no table of Sentiment140; that has six columns"):
        read_text(tmp_path, content, format="sentiment140")


def test_table_without_header(tmp_path: Path) -> None:
    content = "".join(
        f"157773046743613852{n},2020-01-0{n + 1} 10:00,what a day it was number {n}\n"
        for n in range(5)
    )
    rows, _, _ = read_text(tmp_path, content)
    assert rows[2]["id"] == "1577730467436138522"
    assert rows[2]["created_at"] == datetime(2020, 1, 3, 10, tzinfo=UTC)
    assert rows[2]["text"] == "what a day it was number 2"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"text_column": "note"}, ["b b"]),
        ({"text_column": "NOTE "}, ["b b"]),
        ({"text_column": "1"}, ["a a a"]),
        # One column, and its first row is no name that is known.
        ({"delimiter": ";", "text_column": "1"}, ["text,note", "a a a,b b"]),
    ],
)
def test_chosen_columns(tmp_path: Path, options: dict[str, str], expected: list[str]) -> None:
    assert texts(tmp_path, "text,note\na a a,b b\n", **options) == expected


def test_all_columns_can_be_chosen(tmp_path: Path) -> None:
    rows, _, _ = read_text(
        tmp_path,
        "a,b,c,d,e\n7,well then,2020-01-01,me,fr\n",
        text_column="b",
        id_column="a",
        date_column="c",
        author_column="d",
        lang_column="e",
    )
    row = rows[0]
    assert (row["id"], row["text"], row["author"], row["lang"]) == ("7", "well then", "me", "fr")
    assert row["created_at"] == datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("id,text\n", {}, "no tweets below"),
        ("text\n", {}, "no tweets below"),
        ("id,label\n1,x\n2,y\n", {}, "'id', 'label'; say which it is with --text-column"),
        ("id,text\n1,x\n", {"text_column": "body"}, "no column 'body' (--text-column)"),
        (
            "id,text\n1,x\n",
            {"date_column": "when"},
            "(--date-column); its columns are 'id', 'text'",
        ),
        ("id,text\n1,x\n", {"encoding": "klingon"}, "'klingon' is no encoding"),
        ("id,text\n1,x\n", {"encoding": "base64"}, "'base64' is no encoding"),
        ("id,text\n1,é\n", {"encoding": "ascii"}, "not written in ascii"),
    ],
)
def test_errors(tmp_path: Path, content: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, content, **options)
    assert str(caught.value).startswith(str(tmp_path / "tweets.csv"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_delimiter_is_one_character(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not one character"):
        read_text(tmp_path, "id,text\n1,x\n", delimiter="::")


ACCENTS = "".join(map(chr, range(0x80, 0x100)))  # two of them may be mojibake, and mended
TWEETS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=f"&\ufeff{ACCENTS}")
    | st.sampled_from('\n\r\t,;|"'),
    max_size=40,
)


@settings(max_examples=300)
@given(
    tweets=st.lists(TWEETS, min_size=1, max_size=8),
    delimiter=st.sampled_from(",\t;|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    text_first=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    tweets: list[str],
    delimiter: str,
    quoting: Any,
    text_first: bool,
    encoding: str,
    end: str,
) -> None:
    table = io.StringIO(newline="")
    if end != "\r\n":  # then the csv module leaves the other one bare
        quoting = csv.QUOTE_ALL
    writer = csv.writer(table, delimiter=delimiter, quoting=quoting, lineterminator=end)
    order = -1 if text_first else 1
    for row in [("id", "text"), *((f"t{n}", text) for n, text in enumerate(tweets))]:
        writer.writerow(row[::order])
    path = tmp_path_factory.mktemp("round") / "trip.csv"
    path.write_bytes(table.getvalue().encode(encoding))
    rows, unreadable, _ = read(path)
    assert [row["text"] for row in rows] == tweets
    assert [row["id"] for row in rows] == [f"t{n}" for n in range(len(tweets))]
    assert unreadable == 0


def write_parquet(folder: Path, **columns: Any) -> Path:
    path = folder / "tweets.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path,
        id=[2**60 + n for n in range(5)],
        text=["&lt;3", None, "", "RT @a: b", "five"],
        created_at=pa.array([datetime(2020, 1, 1, 10)] * 5, pa.timestamp("ns")),
        likes=[1.0, 2.0, None, 4.0, 5.0],
        is_retweet=[True, False, False, False, False],
        extra=[[1]] * 5,
    )
    rows, unreadable, read_as = read(path)
    assert unreadable == 1
    assert [row["text"] for row in rows] == ["<3", "", "RT @a: b", "five"]
    assert rows[0]["id"] == str(2**60)
    assert rows[0]["created_at"] == datetime(2020, 1, 1, 10, tzinfo=UTC)
    assert [row["likes"] for row in rows] == [1, None, 4, 5]
    assert [row["kind"] for row in rows] == ["retweet", "original", "retweet", "original"]
    assert read_as == "Parquet, text from 'text', time from 'created_at'"


def test_parquet_of_unusual_types(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path,
        tweet_id=[1.5e18, 2.0],
        note=pa.array(["good day", "bad day"]).dictionary_encode(),
        date=pa.array([18262, 18263], pa.date32()),
    )
    rows, _, _ = read(path)
    assert [row["text"] for row in rows] == ["good day", "bad day"]
    assert [row["id"] for row in rows] == [None, None]
    assert rows[0]["created_at"] == datetime(2020, 1, 1, tzinfo=UTC)


def test_parquet_cut_short(tmp_path: Path) -> None:
    path = write_parquet(tmp_path, text=["a", "b"])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="cut short or damaged"):
        read(path)


def test_parquet_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no rows"):
        read(write_parquet(tmp_path, text=pa.array([], pa.string())))
    with pytest.raises(InputError, match="--text-column"):
        read(write_parquet(tmp_path, number=[1, 2]))


def test_the_order_of_day_and_month_is_sought_in_the_whole_file(tmp_path: Path) -> None:
    """The first day above 12 may come long after the part of a file that is looked at first."""
    path = tmp_path / "long.csv"
    days = [f"{1 + i % 12}/{1 + i % 7}/2020" for i in range(60_000)]
    rows = [f"{i},{day},so it goes on and on" for i, day in enumerate([*days, "25/3/2020"])]
    path.write_text("id,created_at,text\n" + "\n".join(rows), encoding="utf-8")
    assert path.stat().st_size > 1 << 20
    with open_tweets(str(path)) as file:
        assert "dates with the day first" in file.read_as
        times = next(iter(file.batches())).column("created_at").to_pylist()
    assert [time.month for time in times[:3]] == [1, 2, 3]
    assert [time.day for time in times[:3]] == [1, 2, 3]
    rows[1] = "1,10/2/2020,so it goes on and on"
    path.write_text("id,created_at,text\n" + "\n".join(rows[:-1]), encoding="utf-8")
    with open_tweets(str(path)) as file:
        assert "taken as month first" in file.read_as


def test_rows_that_are_long(tmp_path: Path) -> None:
    """An export with all of X's answer in one column has rows that no sample of lines ends in."""
    for length in (300_000, 900_000):
        rows = "".join(f'{i},what a day {i},"{"x" * length}"\n' for i in range(3))
        assert texts(tmp_path, "id,text,answer\n" + rows) == [f"what a day {i}" for i in range(3)]
    with pytest.raises(InputError, match="more than a megabyte"):
        texts(tmp_path, f'id,text,answer\n1,what a day,"{"x" * 1_100_000}"\n')


@pytest.mark.parametrize("empty", ["", None])
def test_where_the_whole_text_is_empty_the_short_one_is_read(
    tmp_path: Path, empty: str | None
) -> None:
    columns = {"text": ["cut…", "short one"], "full_text": ["all of it", empty], "id": ["7", "8"]}
    rows, unreadable, read_as = read(write_parquet(tmp_path, **columns))
    assert [row["text"] for row in rows] == ["all of it", "short one"]
    assert unreadable == 0
    assert "text from 'full_text'" in read_as
    table = "text,full_text,id\ncut…,all of it,7\nshort one,,8\n"
    assert texts(tmp_path, table) == ["all of it", "short one"]
    assert texts(tmp_path, table, text_column="full_text") == ["all of it", ""]


def test_columns_of_parquet_that_share_a_name(tmp_path: Path) -> None:
    path = tmp_path / "twice.parquet"
    names = ["text", "id", "text"]
    columns = [["I love it", "so bad"], ["20", "21"], ["other words", "of others"]]
    pq.write_table(pa.table(columns, names=names), path)
    for options, expected in (({}, columns[0]), ({"text_column": "3"}, columns[2])):
        rows, _, _ = read(path, **options)
        assert [row["text"] for row in rows] == expected
        assert [row["id"] for row in rows] == columns[1]


def test_one_rounded_id_does_not_lose_the_others(tmp_path: Path) -> None:
    exact = [f"{1512345678901234567 + n}" for n in range(9)]
    lines = [f"{number},good morning {number}" for number in (*exact, "1.51E+18")]
    rows, _, read_as = read_text(tmp_path, "id,text\n" + "\n".join(lines))
    assert [row["id"] for row in rows] == [*exact, None]
    assert "rounded" not in read_as
