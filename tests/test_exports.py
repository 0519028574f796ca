"""The exports of tools, APIs and data sets: small files of each form, written for these tests."""

import csv
import gzip
import io
import json
import shlex
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from typer.testing import CliRunner

from positivity.cli import app
from positivity.errors import InputError, UsageError
from positivity.model.registry import ModelDirectory
from positivity.sources import exports
from positivity.sources.files import ReadOptions, open_all, open_tweets

ID = "1577730467436138524"


def read(path: Path, **options: Any) -> tuple[list[dict[str, Any]], str]:
    with open_tweets(str(path), ReadOptions(**options)) as file:
        rows = [row for batch in file.batches() for row in batch.to_pylist()]
    assert file.unreadable == 0
    return rows, file.read_as


def read_text(folder: Path, content: str | bytes, **options: Any) -> tuple[list[Any], str]:
    path = folder / "tweets.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, **options)


def utc(*parts: int) -> datetime:
    year, month, day, *clock = parts
    return datetime(year, month, day, *clock, tzinfo=UTC)  # type: ignore[misc, arg-type]


def check(row: dict[str, Any], fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        expected = utc(*value) if isinstance(value, tuple) else value
        assert row[name] == expected, name


WEB_EXPORTER = (
    "\ufeffID,Date,Content,Media,Screen Name,Name,User ID,In Reply To,RT Source,Quote Source,"
    "Favorites,Retweets,Quotes,Replies,Views,URL\n"
)
SFM = (
    "created_at,twitter_id,screen_name,followers_count,favorite_count,retweet_count,"
    "in_reply_to_screen_name,twitter_url,text,is_retweet_strict,is_retweet,is_quote\n"
)
TROLLS = (
    "external_author_id,author,content,region,language,publish_date,harvested_date,following,"
    "followers,updates,post_type,account_type,retweet,account_category,tweet_id\n"
)
ANALYTICS = (
    "\ufeffPost id,Date,Post text,Post Link,Impressions,Likes,Engagements,Bookmarks,Shares,"
    "New follows,Replies,Reposts,Profile visits,Detail Expands,URL Clicks,Hashtag Clicks,"
    "Permalink Clicks\n"
)
TAGS = "id_str,from_user,text,created_at,time,user_lang,in_reply_to_user_id_str,status_url\n"

TABLES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "snscrape notebook": (
        f",Datetime,Tweet Id,Text,Username\n0,2021-01-02 03:04:05+00:00,{ID},hi there,bob\n",
        "snscrape CSV, comma, UTF-8",
        {"id": ID, "author": "bob", "text": "hi there", "created_at": (2021, 1, 2, 3, 4, 5)},
    ),
    "snscrape frame": (
        "url,date,rawContent,renderedContent,id,user,replyCount,retweetCount,likeCount,lang,"
        f"retweetedTweet\nhttps://twitter.com/bob/status/{ID},2021-01-02 03:04:05+00:00,hi all,hi,"
        f"{ID},\"{{'_type': 'snscrape.modules.twitter.User', 'username': 'bob'}}\",1,2,3,en,\n",
        "snscrape CSV",
        {"id": ID, "author": "bob", "text": "hi all", "likes": 3, "kind": "original"},
    ),
    "twint": (
        "id,conversation_id,created_at,date,time,timezone,user_id,username,name,place,tweet,"
        "language,replies_count,retweets_count,likes_count,link,retweet,quote_url,reply_to\n"
        f"{ID},{ID},2021-05-05 16:19:35 Hora de verano romance,2021-05-05,16:19:35,+0200,7,bob,"
        f"Bob B,,good day,en,1,2,3,https://twitter.com/bob/status/{ID},False,,[]\n",
        "twint CSV, comma, UTF-8, text from 'tweet', time from 'date' and 'time' and 'timezone'",
        {
            "id": ID,
            "created_at": (2021, 5, 5, 14, 19, 35),
            "author": "bob",
            "lang": "en",
            "kind": "original",
            "replies": 1,
            "reposts": 2,
            "likes": 3,
        },
    ),
    "twint with ids of a spreadsheet": (
        "id,date,time,timezone,username,tweet,link\n"
        f"1.57773E+18,2021-05-05,16:19,UTC,bob,good day,https://twitter.com/bob/status/{ID}\n",
        "ids were rounded by a spreadsheet: taken from the links",
        {"id": ID, "created_at": (2021, 5, 5, 16, 19)},
    ),
    "Apify": (
        "author/userName,createdAt,fullText,id,isRetweet,isReply,isQuote,lang,likeCount\n"
        f"bob,Wed Aug 26 18:29:06 +0000 2026,so happy,{ID},false,true,false,en,4\n",
        "Apify CSV",
        {"author": "bob", "kind": "reply", "created_at": (2026, 8, 26, 18, 29, 6), "likes": 4},
    ),
    "TAGS": (
        f"{TAGS}1.26426E+18,bob,hi,Wed Aug 26 18:29:06 +0000 2026,26/08/2026 18:29:06,en,9,"
        f"http://twitter.com/bob/statuses/{ID}\n",
        "TAGS CSV",
        {"id": ID, "author": "bob", "created_at": (2026, 8, 26, 18, 29, 6), "lang": None},
    ),
    "TAGS with its own times only": (
        f"id_str\tfrom_user\ttext\ttime\n{ID}\tbob\thi\t03/04/2020 10:00:00\n",
        "TAGS TSV, tab",
        {"created_at": (2020, 4, 3, 10)},
    ),
    "twitter-web-exporter, labels": (
        f'{WEB_EXPORTER}{ID},2026-06-05 08:00:00 +02:00,"hi, all",[],bob,Bob,7,,,,1,2,3,4,5,'
        f"https://twitter.com/bob/status/{ID}\n",
        "twitter-web-exporter CSV",
        {"id": ID, "author": "bob", "created_at": (2026, 6, 5, 6), "views": 5, "kind": "original"},
    ),
    "twitter-web-exporter, a retweet": (
        f"{WEB_EXPORTER}{ID},2026-06-05 08:00:00,fine,[],bob,Bob,7,,155,,1,2,3,4,5,\n",
        "twitter-web-exporter CSV",
        {"kind": "retweet"},
    ),
    "twitter-web-exporter, keys": (
        "id,created_at,full_text,media,screen_name,name,user_id,in_reply_to,retweeted_status,"
        f"quoted_status,favorite_count,url\n{ID},2026-06-05 08:00:00,fine,[],bob,B,7,,,155,9,\n",
        "twitter-web-exporter CSV",
        {"author": "bob", "kind": "quote", "likes": 9},
    ),
    "SFM": (
        f"{SFM}12/1/2016 1:22:35 AM,{ID},bob,5,3,4,,http://x.com/bob/status/{ID},hi,FALSE,FALSE,"
        "FALSE\n",
        "Social Feed Manager CSV",
        {"id": ID, "author": "bob", "created_at": (2016, 12, 1, 1, 22, 35), "kind": "original"},
    ),
    "SFM, newer": (
        "id,tweet_url,created_at,user_screen_name,text,tweet_type,lang\n"
        f"{ID},http://x.com/bob/status/{ID},2019-10-11 22:18:59+00:00,bob,hi,quote,en\n",
        "Social Feed Manager CSV",
        {"author": "bob", "kind": "quote"},
    ),
    "X Analytics": (
        f'{ANALYTICS}{ID},"Fri, Jun 5, 2026","hello, all",https://x.com/bob/status/{ID},"1,234",5,'
        "6,0,0,0,0,2,0,0,0,0,0\n",
        "X Analytics CSV",
        {"id": ID, "author": "bob", "views": 1234, "likes": 5, "created_at": (2026, 6, 5)},
    ),
    "X Analytics without an id": (
        f'{ANALYTICS},"Fri, Jun 5, 2026",hello,https://x.com/bob/status/{ID},1,5,'
        "6,0,0,0,0,2,0,0,0,0,0\n",
        "X Analytics CSV",
        {"id": ID, "author": "bob"},
    ),
    "X Analytics, old": (
        "\ufeff\"Tweet id\",\"Tweet permalink\",\"Tweet text\",\"time\",\"impressions\"\n"
        f'"{ID}","https://twitter.com/bob/status/{ID}","two\nlines","2026-06-20 09:00 +0000","12.0"'
        "\n",
        "X Analytics (old) CSV",
        {"author": "bob", "text": "two\nlines", "created_at": (2026, 6, 20, 9), "views": 12},
    ),
    "info-ops": (
        "tweetid,userid,user_display_name,user_screen_name,tweet_language,tweet_text,tweet_time,"
        "is_retweet,retweet_tweetid,quoted_tweet_tweetid,like_count\n"
        f"{ID},7,aBc=,aBc=,en,hi there,2017-06-22 16:03,True,155,,3.0\n",
        "information operations of X CSV",
        {"id": ID, "author": "aBc=", "lang": "en", "kind": "retweet", "likes": 3},
    ),
    "Trump Archive v1": (
        "source,text,created_at,retweet_count,favorite_count,is_retweet,id_str\n"
        f"Web,great!,05-06-2020 19:46:06,1,2,false,{ID}\n",
        "Trump Archive v1 CSV, comma, UTF-8, text from 'text', time from 'created_at'",
        {"id": ID, "created_at": (2020, 5, 6, 19, 46, 6), "likes": 2},
    ),
    "Trump Archive v2": (
        "id,text,isRetweet,isDeleted,device,favorites,retweets,date,isFlagged\n"
        f"{ID},great!,t,f,web,49,255,2011-08-02 18:07:48,f\n",
        "Trump Archive v2 CSV",
        {"kind": "retweet", "likes": 49},
    ),
    "russian-troll-tweets": (
        f"{TROLLS}906000000000000000,10_GOP,so sad,Unknown,English,10/1/2017 19:58,"
        f"10/1/2017 19:59,1,2,3,QUOTE_TWEET,Right,0,RightTroll,{ID}\n",
        "russian-troll-tweets CSV",
        {
            "id": ID,
            "author": "10_GOP",
            "lang": "English",
            "created_at": (2017, 10, 1, 19, 58),
            "kind": "quote",
        },
    ),
    "airline": (
        "tweet_id,airline_sentiment,airline_sentiment_confidence,airline,name,text,tweet_created\n"
        f"{ID},negative,1.0,United,bob,late again,2015-02-24 11:35:52 -0800\n"
        f"{ID},positive,1.0,United,bob,on time,2015-02-24 11:35:52 -0800\n",
        "airline tweets CSV",
        {"author": "bob", "created_at": (2015, 2, 24, 19, 35, 52)},
    ),
    "twarc-csv": (
        "id,conversation_id,referenced_tweets.replied_to.id,referenced_tweets.retweeted.id,"
        "author_id,created_at,text,lang,public_metrics.like_count,author.username\n"
        f"{ID},{ID},155.0,,7,2021-01-02T03:04:05.000Z,hi,en,4.0,bob\n",
        "twarc CSV",
        {"author": "bob", "kind": "reply", "likes": 4},
    ),
    "Grailbird": (
        "tweet_id,in_reply_to_status_id,in_reply_to_user_id,timestamp,source,text,"
        "retweeted_status_id,retweeted_status_user_id,retweeted_status_timestamp,expanded_urls\n"
        f"{ID},,,2017-10-11 22:18:59 +0000,web,so happy,155,9,,\n",
        "Twitter archive CSV",
        {"id": ID, "kind": "retweet"},
    ),
    "Kaggle": (
        "user_name,user_location,user_description,user_created,user_followers,date,text,hashtags,"
        "source,is_retweet\nbob,here,me,2017-05-26 05:46:42,6,2020-07-25 12:27:21,good,,W,False\n",
        "Kaggle tweets CSV",
        {"author": "bob", "created_at": (2020, 7, 25, 12, 27, 21), "id": None},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tables(tmp_path: Path, name: str) -> None:
    content, shown, fields = TABLES[name]
    rows, read_as = read_text(tmp_path, content)
    assert shown in read_as
    check(rows[0], fields)


def analytics(header: list[str], row: list[str]) -> str:
    """A table of three tweets; {id} in a cell is the id of each."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(header)
    for n in range(3):
        writer.writerow([cell.replace("{id}", f"{ID[:-1]}{n}") for cell in row])
    return "\ufeff" + table.getvalue()


LINK = "https://x.com/bob/status/{id}"
FOREIGN = [f"Σ{n}" for n in range(17)]  # names in a language that is not known here


def test_x_analytics_in_korean(tmp_path: Path) -> None:
    header = ["게시", "포스트 텍스트", "날짜", "링크"]
    content = analytics(header, ["{id}", "hello", "Fri, Jun 5, 2026", LINK])
    rows, read_as = read_text(tmp_path, content)
    assert read_as.startswith("X Analytics (Korean) CSV")
    check(rows[2], {"id": f"{ID[:-1]}2", "text": "hello", "author": "bob"})
    check(rows[2], {"created_at": (2026, 6, 5)})


@pytest.mark.parametrize(
    ("date", "time", "said"),
    [
        ("Fri, Jun 5, 2026", (2026, 6, 5), "time from 'Σ1'"),
        ("5 de juny del 2026", (2022, 10, 5, 18, 40, 30), "time from the ids"),
    ],
)
def test_x_analytics_with_unknown_names(tmp_path: Path, date: str, time: Any, said: str) -> None:
    content = analytics(FOREIGN, ["{id}", date, "hi", LINK, "1,234", *["0"] * 12])
    rows, read_as = read_text(tmp_path, content)
    assert read_as.startswith("X Analytics CSV, comma, UTF-8, text from 'Σ2', ")
    assert read_as.endswith(f"{said}, columns recognised by what is in them")
    check(rows[1], {"id": f"{ID[:-1]}1", "text": "hi", "author": "bob"})
    assert rows[1]["created_at"].replace(microsecond=0) == utc(*time)


def test_old_x_analytics_with_unknown_names(tmp_path: Path) -> None:
    content = analytics(FOREIGN, ["{id}", LINK, "hi", "2026-06-20 09:00 +0000", *["0"] * 13])
    rows, read_as = read_text(tmp_path, content)
    assert "X Analytics CSV" in read_as
    check(rows[0], {"text": "hi", "author": "bob", "created_at": (2026, 6, 20, 9)})


def test_columns_with_unknown_names_are_guessed(tmp_path: Path) -> None:
    content = "".join(f"{ID[:-1]}{n},some words {n},2021-01-0{n + 1}\n" for n in range(9))
    rows, _ = read_text(tmp_path, f"α,β,γ\n{content}")
    check(rows[8], {"id": f"{ID[:-1]}8", "text": "some words 8", "created_at": (2021, 1, 9)})


@pytest.mark.parametrize("ids", [("1.57773E+18", "1.57774E+18"), (f"{ID[:15]}0000",) * 2])
def test_rounded_ids_are_missing(tmp_path: Path, ids: tuple[str, str]) -> None:
    content = f"id,text,created_at\n{ids[0]},a,2021-01-02\n{ids[1]},b,2021-01-02\n"
    rows, read_as = read_text(tmp_path, content)
    assert [row["id"] for row in rows] == [None, None]
    assert read_as.endswith("ids were rounded by a spreadsheet: kept as missing")


def test_times_are_in_the_ids(tmp_path: Path) -> None:
    rows, read_as = read_text(tmp_path, f"id,text\n{ID},a\n20,just setting up\n{ID},b\n{ID},c\n"
                              f"{ID},d\n")  # fmt: skip
    assert "time from the ids" in read_as
    assert rows[0]["created_at"] == datetime.fromtimestamp(
        ((int(ID) >> 22) + 1288834974657) / 1000, UTC
    )
    assert rows[1]["created_at"] is None


USER = {"id": "7", "username": "bob", "screen_name": "bob", "userName": "bob"}
DOCUMENTS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "twscrape": (
        {"id": int(ID), "id_str": ID, "date": "2021-01-02 03:04:05+00:00", "user": USER,
         "rawContent": "hi", "lang": "en", "likeCount": 2, "retweetedTweet": None},
        "twscrape JSON Lines, UTF-8",
        {"id": ID, "author": "bob", "likes": 2, "kind": "original"},
    ),
    "snscrape": (
        {"url": "u", "date": "2021-01-02T03:04:05+00:00", "content": "hi", "renderedContent": "h",
         "id": int(ID), "user": USER, "quotedTweet": {"content": "x"}},
        "snscrape JSON Lines",
        {"id": ID, "author": "bob", "text": "hi", "kind": "quote"},
    ),
    "twint": (
        {"id": int(ID), "created_at": "2021-05-05 16:19:35 CEST of old", "date": "2021-05-05",
         "time": "16:19:35", "timezone": "+0200", "username": "bob", "tweet": "hi"},
        "twint JSON Lines",
        {"created_at": (2021, 5, 5, 14, 19, 35), "author": "bob", "text": "hi"},
    ),
    "Apify": (
        {"id": ID, "fullText": "hi", "createdAt": "Wed Aug 26 18:29:06 +0000 2026",
         "author": USER, "isRetweet": True},
        "Apify JSON Lines",
        {"author": "bob", "kind": "retweet"},
    ),
    "twitter-cli": (
        {"ok": True, "schema_version": "1", "data": [
            {"id": ID, "text": "hi", "author": {"screenName": "bob"}, "isRetweet": False,
             "createdAt": "Wed Aug 26 18:29:06 +0000 2026", "lang": "en",
             "metrics": {"likes": 3, "retweets": 1, "replies": 0, "quotes": 0, "views": 9}}]},
        "twitter-cli JSON Lines",
        {"author": "bob", "likes": 3, "views": 9},
    ),
    "twitter-web-exporter": (
        {"id": ID, "created_at": "2026-06-05 08:00:00 +02:00", "full_text": "hi",
         "screen_name": "bob", "retweeted_status": None, "quoted_status": "155"},
        "twitter-web-exporter JSON Lines",
        {"author": "bob", "kind": "quote", "created_at": (2026, 6, 5, 6)},
    ),
    "X API v2": (
        {"data": [{"id": ID, "text": "hi", "author_id": "7", "edit_history_tweet_ids": [ID]}],
         "includes": {"users": [USER]}},
        "X API v2 JSON Lines",
        {"author": "bob"},
    ),
    "X API v1.1": (
        {"id_str": ID, "full_text": "hi", "user": USER,
         "created_at": "Wed Aug 26 18:29:06 +0000 2026"},
        "X API v1.1 JSON Lines",
        {"author": "bob", "id": ID},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents(tmp_path: Path, name: str) -> None:
    document, shown, fields = DOCUMENTS[name]
    rows, read_as = read_text(tmp_path, json.dumps(document))
    assert read_as.startswith(shown)
    check(rows[0], fields)


def test_an_envelope_longer_than_the_head_is_recognised(tmp_path: Path) -> None:
    document, _, _ = DOCUMENTS["twitter-cli"]
    long = {**document, "data": document["data"] * 8000}
    rows, read_as = read_text(tmp_path, json.dumps(long, indent=1))
    assert len(rows) == 8000
    assert read_as.startswith("twitter-cli JSON, ")


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.csv", "id,airline_sentiment,text\n1,negative,late\n2,positive,fine\n", "{label}"),
        ("a b.csv", "sentiment;tweet\nneg;spät\npos;früh\n",
         "--label-column sentiment --text-column tweet --delimiter ';' --encoding cp1252"),
        ("a.tsv", "airline_sentiment\ttext\n0\tlate\n4\tfine\n", "{label}"),
        ("s.csv", f'"0","{ID}","Mon May 11 03:17:40 UTC 2009","NO_QUERY","bob","late"\n'
         f'"4","{ID[:-1]}5","Mon May 11 03:17:40 UTC 2009","NO_QUERY","bob","fine"\n', ""),
    ],
)  # fmt: skip
def test_a_file_with_labels_offers_to_measure(
    tiny_model: ModelDirectory, tmp_path: Path, name: str, content: str, options: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode("cp1252"))
    with open_tweets(str(path)) as file:
        assert sum(batch.num_rows for batch in file.batches()) == 2
        (note,) = file.notes
    wanted = options.format(label="--label-column airline_sentiment")
    command = note.split("`")[1]
    assert command.endswith(wanted)
    # What is offered works.
    arguments = [*shlex.split(command)[1:], "--model", str(tiny_model.path), "--device", "cpu"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "macro-averaged recall" in result.stdout


def test_no_offer_without_labels_or_where_it_would_not_work(tmp_path: Path) -> None:
    labelled = b"text,sentiment\nlate,neg\nfine,pos\n"
    for name, content in {
        "plain.csv": b"text,sentiment\nlate,happy\nfine,sad\n",
        "labelled.txt": labelled,
        "labelled.csv.gz": gzip.compress(labelled),
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        with open_tweets(str(path)) as file:
            assert file.notes == ()


def test_a_form_can_be_demanded(tmp_path: Path) -> None:
    content = TABLES["Trump Archive v2"][0]
    assert "Trump" in read_text(tmp_path, content, format="trump-v2")[1]
    assert read_text(tmp_path, content, format="table")[1].startswith("CSV, comma")
    rows, read_as = read_text(tmp_path, content, format="lines")
    assert len(rows) == 2
    assert read_as.startswith("text, one tweet a line")
    with pytest.raises(InputError, match=r"no table of twint; that has the columns \(tweet, user"):
        read_text(tmp_path, content, format="twint")
    with pytest.raises(InputError, match="that is no JSON, and cannot be read with --as api"):
        read_text(tmp_path, content, format="api")
    with pytest.raises(UsageError, match="no format 'spam'; give one of scores, twint"):
        exports.checked_format("spam")


def binary(kind: str, folder: Path) -> Path:
    """A file of one tweet, of a kind that is no text."""
    table = pa.table({"text": ["hi"]})
    path = folder / f"tweets.{kind}"
    if kind == "parquet":
        pq.write_table(table, path)
    elif kind == "feather":
        feather.write_feather(table, path)
    elif kind == "excel":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            sheet.write_column(0, 0, ["text", "hi"])
    elif kind == "x-archive":
        with zipfile.ZipFile(path, "w") as archive:
            js = 'window.YTD.tweets.part0 = [{"tweet": {"full_text": "hi"}}]'
            archive.writestr("data/tweets.js", js)
    elif kind == "json":
        path.write_text('[{"text": "hi"}]')
    else:
        path.write_text("text,when\nhi,now\n")
    return path


KINDS = ("parquet", "feather", "excel", "x-archive", "json", "table")
ALSO = {"json": {"api"}, "parquet": {"table"}, "feather": {"table"}, "excel": {"table"}}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [*KINDS, "api", "twint", "airline"])
def test_what_a_file_cannot_be_is_one_line(tmp_path: Path, kind: str, key: str) -> None:
    path = binary(kind, tmp_path)
    if key == kind or key in ALSO.get(kind, ()):
        assert [row["text"] for row in read(path, format=key)[0]] == ["hi"]
    elif (kind, key) == ("json", "table"):
        assert read(path, format=key)[1].startswith("text, one tweet a line")
    else:
        with pytest.raises(InputError) as caught:
            read(path, format=key)
        assert str(caught.value).startswith(str(path))
        assert ": is " in str(caught.value)
        assert "\n" not in str(caught.value)


def test_json_of_another_tool_is_refused(tmp_path: Path) -> None:
    content = json.dumps(DOCUMENTS["twscrape"][0])
    assert read_text(tmp_path, content, format="twscrape")[1].startswith("twscrape")
    with pytest.raises(InputError, match=r"is no JSON of apify; its tweets have the keys \(author"):
        read_text(tmp_path, content, format="apify")


def test_only_the_archive_of_a_folder_is_read_where_that_is_demanded(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,id\nhi,5\n")
    with pytest.raises(InputError, match="is a folder without an X archive in it"):
        open_all(str(tmp_path), ReadOptions(format="x-archive"))
    binary("x-archive", tmp_path).rename(tmp_path / "b.zip")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tweets.js").write_text("window.YTD.tweets.part0 = []")
    (file,) = open_all(str(tmp_path), ReadOptions(format="x-archive"))
    assert file.read_as == "X archive"


def test_the_table_of_an_archive_can_be_demanded(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/js/tweets/2012_01.js", "Grailbird.data.tweets_2012_01 = []")
        archive.writestr("tweets.csv", TABLES["Grailbird"][0])
    rows, read_as = read(path, format="archive-csv")
    assert len(rows) == 1
    assert read_as.startswith("Twitter archive CSV")


def test_every_form_is_listed() -> None:
    result = CliRunner().invoke(app, ["score", "--list-inputs"])
    assert result.exit_code == 0, result.output
    for key in exports.KEYS:
        assert f"\n {key} " in result.stdout
    assert "columns tweet, username" in result.stdout


def test_a_table_without_a_date_of_its_own_is_still_read(tmp_path: Path) -> None:
    rows, _ = read_text(tmp_path, "tweet_id,text,time\n1,hi,10:00\n")
    assert rows[0]["created_at"] is None
