import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from positivity.errors import InputError
from positivity.sources.archive_names import archives_in
from positivity.sources.files import ReadOptions, TweetFile, open_all, open_tweets
from positivity.sources.js_array import BROKEN, Elements
from positivity.sources.long_posts import LongPosts
from positivity.sources.reading import ByteStream
from tests.conftest import SHARED_DATA

Files = Mapping[str, str | bytes]
Rows = list[dict[str, Any]]


def js(variable: str, items: object, end: str = "") -> str:
    return f"window.YTD.{variable}.part0 = {json.dumps(items, indent=2)}{end}"


def tweet(number: int, text: str = "", *, second: int = 0, **more: object) -> dict[str, Any]:
    return {
        "tweet": {
            "retweeted": False,
            "id_str": str(1_500_000_000_000_000_000 + number),
            "created_at": f"Thu May 14 01:38:{second:02} +0000 2020",
            "full_text": text or f"tweet &amp; number {number}",
            "favorite_count": "3",
            "lang": "en",
            **more,
        }
    }


def note(text: str, second: int = 0, **more: object) -> dict[str, Any]:
    time = f"2020-05-14T01:38:{second:02}.000Z"
    return {"noteTweet": {"noteTweetId": "9", "createdAt": time, "core": {"text": text}, **more}}


ACCOUNT = js("account", [{"account": {"email": "", "username": "sam", "accountId": "7"}}])
LIKES = js("like", [{"like": {"tweetId": "5", "fullText": "somebody else's words"}}])
NEW: Files = {
    "data/account.js": ACCOUNT,
    "data/like.js": LIKES,
    "data/tweets-part10.js": js("tweets", [tweet(4)]).replace("part0", "part10"),
    "data/tweets-part2.js": js("tweets", [tweet(3)]).replace("part0", "part2"),
    "data/tweets.js": js("tweets", [tweet(1), tweet(2)], end=";\n"),
    "data/community-tweet.js": js("community_tweet", [tweet(20, "in a community")]),
    "data/deleted-tweets.js": js("deleted_tweets", [tweet(30, "regretted"), tweet(31, "too")]),
    "data/tweets_media/1-a.csv": "id,text\n1,not a tweet\n",
    "Your archive.html": "<html></html>",
}


def old_tweet(number: int, **more: object) -> dict[str, Any]:
    user = {"name": "Old Sam", "screen_name": "oldsam"}
    return {
        "source": "web",
        "text": f"old number {number}",
        "id_str": str(number),
        "id": number,
        "created_at": "2012-01-05 12:00:00 +0000",
        "user": user,
        **more,
    }


def month(name: str, items: object) -> str:
    return f"Grailbird.data.tweets_{name} = \n {json.dumps(items, indent=2)}"


def old_table(numbers: range) -> str:
    rows = [f'"{n}","2012-01-05 12:00:00 +0000","old number {n}",""' for n in numbers]
    return "\n".join(['"tweet_id","timestamp","text","retweeted_status_id"', *rows]) + "\n"


OLD: Files = {
    "data/js/user_details.js": 'var user_details = {\n "screen_name" : "oldsam"\n}',
    "data/js/tweet_index.js": "var tweet_index = [ {} ]",
    "data/js/tweets/2012_01.js": month("2012_01", [old_tweet(1), old_tweet(2)]),
    "data/js/tweets/2012_02.js": month("2012_02", [old_tweet(3)]),
    "data/csv/2012_01.csv": old_table(range(1, 3)),
    "tweets.csv": old_table(range(1, 4)),
    "README.txt": "How to open this archive\n",
}


def write_folder(path: Path, files: Files) -> Path:
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def read(path: Path, **options: Any) -> tuple[TweetFile, Rows]:
    (opened,) = open_all(str(path), ReadOptions(**options))
    with opened as file:
        return file, [row for batch in file.batches(2) for row in batch.to_pylist()]


@pytest.fixture(params=["zip", "folder", "nested zip", "nested folder"])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A function that writes an archive in one of the ways in which they come."""
    kind: str = request.param

    def write(files: Files) -> Path:
        if "nested" in kind:
            files = {f"twitter-2024-01-01/{name}": content for name, content in files.items()}
        if "zip" in kind:
            return write_zip(tmp_path / "archive.zip", files)
        return write_folder(tmp_path / "archive", files)

    return write


def test_a_new_archive(written: Any) -> None:
    path = written(NEW)
    file, rows = read(path)
    assert file.name == str(path)
    assert file.read_as == (
        "X archive, 4 tweets of @sam, 1 community tweet left out, 2 deleted tweets left out"
    )
    assert [row["text"] for row in rows] == [f"tweet & number {n}" for n in (1, 2, 3, 4)]
    assert {row["author"] for row in rows} == {"sam"}
    assert {row["source"] for row in rows} == {str(path)}
    assert rows[0]["id"] == "1500000000000000001"
    assert rows[0]["likes"] == 3
    assert rows[0]["created_at"].isoformat() == "2020-05-14T01:38:00+00:00"
    assert file.unreadable == 0
    assert file.bytes_read == file.bytes_total


def test_communities_and_deleted_tweets_when_asked_for(written: Any) -> None:
    file, rows = read(written(NEW), community=True, deleted=True)
    assert [row["text"] for row in rows][4:] == ["in a community", "regretted", "too"]
    assert file.read_as == "X archive, 7 tweets of @sam"


def test_an_old_archive_is_read_once(written: Any) -> None:
    file, rows = read(written(OLD))
    assert file.read_as == "X archive, 3 tweets of @oldsam"
    assert [(row["id"], row["author"]) for row in rows] == [(n, "oldsam") for n in "123"]
    assert file.unreadable == 0
    assert file.bytes_read == file.bytes_total


def test_an_old_archive_with_more_in_its_table(written: Any) -> None:
    file, rows = read(written({**OLD, "tweets.csv": old_table(range(1, 6))}))
    assert [(row["id"], row["author"]) for row in rows] == [(n, "oldsam") for n in "12345"]
    assert file.read_as == "X archive, 5 tweets of @oldsam"


def test_an_old_archive_of_tables_only(written: Any) -> None:
    files = {name: content for name, content in OLD.items() if "js/tweets/" not in name}
    assert [row["id"] for row in read(written(files))[1]] == ["1", "2", "3"]


def old_js(times: dict[int, str]) -> str:
    """A part of a new archive with old tweets, by their ids, and one of today before and after."""
    old = [tweet(1, id_str=str(number), created_at=time) for number, time in times.items()]
    return js("tweets", [tweet(1), *old, tweet(2)])


MIDNIGHT, MORNING = "Sat Dec 05 00:00:00 +0000 2009", "Sat Dec 05 09:30:00 +0000 2009"


@pytest.mark.parametrize(
    ("times", "lost"),
    [
        ({5: MIDNIGHT}, 1),
        ({5: MIDNIGHT, 6: MORNING, 7: MIDNIGHT}, 2),
        ({n: MIDNIGHT if n == 15 else MORNING for n in range(5, 16)}, 0),  # it may be the time
        (dict.fromkeys(range(5, 305), MIDNIGHT), 300),  # more than are looked at
        ({29_700_859_246: MIDNIGHT, 29_700_859_247: MIDNIGHT}, 1),
        ({5: MORNING}, 0),
    ],
)
def test_old_tweets_that_have_lost_their_time(
    written: Any, times: dict[int, str], lost: int
) -> None:
    path = written({**NEW, "data/tweets.js": old_js(times)})
    file, rows = read(path)
    old = [row for row in rows if row["id"] in map(str, times)]
    assert [row["id"] for row in old] == list(map(str, times))  # in their order
    assert sum(bool(row["date_only"]) for row in rows) == lost
    for row in old:
        assert row["created_at"].date().isoformat() == "2009-12-05"
        assert not row["date_only"] or row["created_at"].hour == 0
    noun = "tweet" if lost == 1 else "tweets"
    said = f"{lost:,} {noun} of before November 2010 without a time"
    assert (said in file.read_as) == (lost > 0)


def test_old_tweets_of_a_table_that_have_lost_their_time(written: Any) -> None:
    files = {name: content for name, content in OLD.items() if "js/tweets/" not in name}
    table = old_table(range(1, 4)).replace("2012-01-05 12:00:00", "2009-12-05 00:00:00")
    file, rows = read(written({**files, "tweets.csv": table}))
    assert [row["date_only"] for row in rows] == [True] * 3
    assert "3 tweets of before November 2010 without a time" in file.read_as


def test_a_retweet_of_an_old_archive_is_whole(tmp_path: Path) -> None:
    whole = "all of what the other one said, to the end"
    items = [old_tweet(1, text="RT @other: all of wh…", retweeted_status={"text": whole})]
    path = write_zip(tmp_path / "a.zip", {"data/js/tweets/2012_01.js": month("2012_01", items)})
    file, rows = read(path)
    assert rows[0]["text"] == f"RT @other: {whole}"
    assert rows[0]["kind"] == "retweet"
    assert file.read_as == "X archive, 1 tweet of @oldsam"  # as its tweets say


def test_tweets_by_others_are_retweets(tmp_path: Path) -> None:
    users = [{"screen_name": "oldsam"}, {"screen_name": "former", "id_str": "7"}]
    users.append({"screen_name": "other", "id_str": "8"})
    items = [old_tweet(n, user=user) for n, user in enumerate(users)]
    details = 'var user_details = { "screen_name" : "OldSam", "id" : "7" }'
    months = {"data/js/tweets/2012_01.js": month("2012_01", items)}
    _, rows = read(write_zip(tmp_path / "a.zip", {**months, "data/js/user_details.js": details}))
    assert [row["kind"] for row in rows] == ["original", "original", "retweet"]
    assert {row["author"] for row in rows} == {"OldSam"}


def test_kinds_are_known_by_the_text(tmp_path: Path) -> None:
    items = [tweet(1, "RT @a: b"), tweet(2, "@a b", in_reply_to_user_id="5"), tweet(3, "own")]
    _, rows = read(write_zip(tmp_path / "a.zip", {"data/tweets.js": js("tweets", items)}))
    assert [row["kind"] for row in rows] == ["retweet", "reply", "original"]
    assert [row["author"] for row in rows] == [None, None, None]


@pytest.mark.parametrize(
    "name", ["tweets.js", "tweet.js", "data/tweet.js", "data/tweets-part0.js", "a/b/c/tweets.js"]
)
def test_where_the_tweets_of_other_years_lie(tmp_path: Path, name: str) -> None:
    # In 2018 nothing was around a tweet.
    items = [tweet(1)["tweet"], tweet(2)["tweet"]]
    path = write_zip(tmp_path / "a.zip", {name: js("tweet", items)})
    assert len(read(path)[1]) == 2
    assert len(read(write_folder(tmp_path / "a", {name: js("tweet", items)}))[1]) == 2


def test_the_data_folder_alone(tmp_path: Path) -> None:
    write_folder(tmp_path, {**NEW, **{f"old/{name}": text for name, text in OLD.items()}})
    assert len(read(tmp_path / "data")[1]) == 4
    assert len(read(tmp_path / "old" / "data" / "js" / "tweets")[1]) == 3


def test_one_part_alone(tmp_path: Path) -> None:
    write_folder(tmp_path, {**NEW, **OLD})
    file, rows = read(tmp_path / "data" / "tweets.js")
    assert len(rows) == 2
    assert file.read_as == "X archive, 2 tweets"
    assert len(read(tmp_path / "data" / "js" / "tweets" / "2012_01.js")[1]) == 2
    for name, message in (("like.js", "other people's words"), ("account.js", "holds no tweets")):
        with pytest.raises(InputError, match=message):
            open_tweets(str(tmp_path / "data" / name))


def test_two_archives_in_one_folder(tmp_path: Path) -> None:
    files = {f"{name}/{file}": text for name in ("one", "two") for file, text in NEW.items()}
    folder = write_folder(tmp_path / "all", files)
    write_zip(folder / "three.zip", NEW)
    opened = open_all(str(folder))
    assert [file.name for file in opened] == [f"{folder}/{n}" for n in ("one", "two", "three.zip")]
    counts = [sum(batch.num_rows for batch in file.batches()) for file in opened]
    assert counts == [4, 4, 4]


LONG = "This is the beginning of a long post &amp; it has a link https://t.co/abc and goes on"
WHOLE = "This is the beginning of a long post & it has a link https://t.co/xyz and goes on > here"


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (f"{LONG}…", WHOLE),
        (f"{LONG}… https://t.co/media https://t.co/quoted", WHOLE),
        (LONG, WHOLE),
        (f"@a @b_c {LONG}…", f"@a @b_c {WHOLE}"),
        ("Something else in the same second…", None),
        ("This", None),
        ("https://t.co/abc", None),
        ("RT @other: This is the beginning…", None),
    ],
)
@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize("second", [0, 2])
def test_long_posts_are_whole(
    tmp_path: Path, text: str, whole: str | None, escaped: bool, second: int
) -> None:
    long = WHOLE.replace("&", "&amp;").replace(">", "&gt;") if escaped else WHOLE
    files = {
        "data/tweets.js": js("tweets", [tweet(1, "Hello"), tweet(2, text, second=second)]),
        "data/note-tweet.js": js("note_tweet", [note("unrelated", 40), note(long, 1)]),
    }
    file, rows = read(write_zip(tmp_path / "a.zip", files))
    assert rows[0]["text"] == "Hello"
    assert rows[1]["text"] == (whole or text)
    made = (
        "1 long post made whole, 1 long post without a tweet" if whole else "2 long posts without"
    )
    assert made in file.read_as


def test_where_a_long_post_keeps_its_text() -> None:
    time = datetime.fromisoformat("2020-05-14T01:38:00+00:00")
    for more in (
        {"core": {"text": WHOLE}},
        {"core": {}, "noteTweetResults": {"text": WHOLE}},
        {"core": {}, "noteTweetContents": {"text": WHOLE}},
    ):
        posts = LongPosts()
        assert posts.add(note("", 3, **more))
        assert posts.whole("1", time, WHOLE[:40] + "…") == WHOLE
        assert not len(posts)
    posts = LongPosts()
    assert posts.add(note(WHOLE, 50, tweetId="77"))
    assert posts.whole("77", None, "This is…") == WHOLE
    assert not posts.add(note("", core=None))
    assert not posts.add("a string")


def test_a_text_that_is_whole_keeps_its_links(tmp_path: Path) -> None:
    text = "All of a post that has a picture https://t.co/picture"
    files = {
        "data/tweets.js": js("tweets", [tweet(1, text)]),
        "data/note-tweet.js": js("note_tweet", [note(text.rpartition(" ")[0])]),
    }
    file, rows = read(write_zip(tmp_path / "a.zip", files))
    assert rows[0]["text"] == text
    assert file.read_as == "X archive, 1 tweet"


def test_a_broken_tweet_costs_only_itself(written: Any) -> None:
    good = js("tweets", [tweet(n) for n in range(50)])
    bad = good.replace('"full_text": "tweet &amp; number 20"', '"full_text": "tweet', 1)
    file, rows = read(written({**NEW, "data/tweets.js": bad}))
    assert len(rows) == 49 + 2
    assert file.unreadable == 1
    assert "damaged: tweets.js" in file.read_as


def test_a_part_that_is_cut_short(written: Any) -> None:
    cut = js("tweets", [tweet(n) for n in range(50)])[:-30]
    file, rows = read(written({**NEW, "data/tweets.js": cut}))
    assert len(rows) == 49 + 2
    assert file.unreadable == 1
    assert file.damage.endswith("is damaged: not all of tweets.js was read.")
    assert file.damaged


def test_what_a_damaged_month_lost_is_in_the_table(written: Any) -> None:
    file, rows = read(written({**OLD, "data/js/tweets/2012_02.js": "Grailbird.data"}))
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert file.unreadable == 1
    assert file.read_as.endswith("damaged: 2012_02.js")


def flip(path: Path, name: str) -> Path:
    """Damages the packed bytes of a file in a zip archive."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
    content = bytearray(path.read_bytes())
    begin = info.header_offset + 30 + len(name)
    for place in range(begin + info.compress_size // 2, begin + info.compress_size):
        content[place] ^= 0xFF
    path.write_bytes(content)
    return path


def test_a_damaged_member(tmp_path: Path) -> None:
    many = js("tweets", [tweet(n, f"{n * 7919 % 1009} of {n}") for n in range(3000)])
    path = write_zip(tmp_path / "a.zip", {**NEW, "data/tweets.js": many})
    file, rows = read(flip(path, "data/tweets.js"))
    assert 100 < len(rows) < 3000
    assert file.unreadable > 0
    assert "damaged: tweets.js" in file.read_as


@pytest.mark.parametrize(("bit", "message"), [(0x1, "is encrypted"), (0x20, "not known here")])
def test_an_encrypted_member(tmp_path: Path, bit: int, message: str) -> None:
    path = write_zip(tmp_path / "a.zip", {"data/tweets.js": js("tweets", [tweet(1)])})
    content = path.read_bytes()
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(signature) + offset
        content = content[:place] + bytes([content[place] | bit]) + content[place + 1 :]
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}")


def test_a_zip_bomb(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("data/tweets.js", "w") as member,
    ):
        member.write(b"window.YTD.tweets.part0 = [")
        for _ in range(300):
            member.write(b" " * (1 << 20))
    with pytest.raises(InputError, match="from next to nothing"):
        read(path)


def test_names_that_point_elsewhere_are_only_names(tmp_path: Path) -> None:
    files = {"../../data/tweets.js": NEW["data/tweets.js"], "/etc/x.csv": "id,text\n1,a b c\n"}
    path = write_zip(tmp_path / "a.zip", files)
    counts = [sum(batch.num_rows for batch in file.batches()) for file in open_all(str(path))]
    assert counts == [2, 1]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (js("tweets", []), "without any tweet"),
        ("", "no tweet can be read"),
        ("<html>", "no tweet can be read"),
        (js("tweets", [1, None, {"tweet": 5}, {"tweet": {}}]), "no tweet can be read"),
        ("window.YTD.tweets.part0 = " + "[" * 100_000, "no tweet can be read"),
    ],
)
def test_archives_without_tweets(written: Any, content: str, message: str) -> None:
    path = written({"data/tweets.js": content})
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: is an X archive")


def test_a_zip_archive_cut_short(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", NEW)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="cut short or damaged"):
        open_tweets(str(path))


def test_where_an_archive_is_found() -> None:
    assert archives_in(["assets/js/tweets.js", "data/js/2012_01.js", "a.csv", "x/like.js"]) == []
    (found,) = archives_in(
        ["x/data/tweets.js", "x/data/tweets-part1.js", "x/data/y.csv", "x/z.csv"]
    )
    assert found.root == "x/"
    assert found.owns("x/data/y.csv")
    assert not found.owns("x/z.csv")


def stream(tmp_path: Path, text: str) -> ByteStream:
    (tmp_path / "x.js").write_text(text, encoding="utf-8")
    return ByteStream(str(tmp_path / "x.js"))


def test_elements_larger_than_what_is_read_at_once(tmp_path: Path) -> None:
    items = [{"tweet": {"full_text": "😀é" * 300_000, "n": n}} for n in range(4)]
    assert list(Elements(stream(tmp_path, js("tweets", items, ";")))) == items


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = []", []),
        ("\ufeffa.b = [1, 2];", [1, 2]),
        ("[ 1 , 2 ] ; // done", [1, 2]),
        ("[1]\n[2,3],[]\n[4]\n", [1, 2, 3, 4]),
        ("a = [1];\n\ufeffb = [2];", [1, 2]),
        ("[1] and more", [1, BROKEN]),
        ("[1]" + " " * (1 << 20) + "\n[2]", [1, 2]),
        ("a = [1, 2", [1, 2, BROKEN]),
        ("a = [1, oops, 3]", [1, BROKEN]),
        ("a = {}", [BROKEN]),
        ('a = [{"t":{"x":1}}, {"t":{oops}}, {"t":{"x":3}}]', [1, BROKEN, 3]),
    ],
)
def test_elements(tmp_path: Path, text: str, expected: list[Any]) -> None:
    def plain() -> Iterator[Any]:
        for element in Elements(stream(tmp_path, text)):
            yield element["t"]["x"] if isinstance(element, dict) else element

    assert list(plain()) == expected


def independent_count(path: Path, handle: str | None) -> tuple[int, int, set[str]]:
    """The tweets of a real archive, how many are retweets, and their ids: by other means."""
    tweets: list[dict[str, Any]] = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if re.search(r"(^|/)data/(js/tweets/\d{4}_\d\d|tweets?(-part\d+)?)\.js$", name):
                text = archive.read(name).decode("utf-8")
                items = json.loads(text[text.index("[") : text.rindex("]") + 1])
                tweets += [item.get("tweet", item) for item in items]
        ids = {tweet["id_str"] for tweet in tweets}
        if "tweets.csv" in archive.namelist():
            table = io.StringIO(archive.read("tweets.csv").decode("utf-8"), newline="")
            assert {row["tweet_id"] for row in csv.DictReader(table)} <= ids
    retweets = [
        tweet
        for tweet in tweets
        if "retweeted_status" in tweet
        or tweet.get("full_text", tweet.get("text", "")).startswith("RT @")
        or tweet.get("user", {}).get("screen_name", handle) != handle
    ]
    return len(tweets), len(retweets), ids


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("letter", "handle", "count"),
    [
        ("a", "peoii", 735),
        ("b", "dwradcliffe", 4025),
        ("c", "emiracle", 6002),
        ("d", None, 1758),
        ("e", "alrocar", 1223),
    ],
)
def test_real_archives(letter: str, handle: str | None, count: int) -> None:
    path = SHARED_DATA / "archives" / f"archive_{letter}.zip"
    file, rows = read(path)
    tweets, retweets, ids = independent_count(path, handle)
    assert len(rows) == tweets == count
    assert sum(row["kind"] == "retweet" for row in rows) == retweets
    assert {row["id"] for row in rows} == ids
    assert {row["author"] for row in rows} == {handle}
    assert all(row["created_at"] for row in rows)
    assert file.unreadable == 0
    of_whom = f" of @{handle}" if handle else ""
    assert file.read_as.startswith(f"X archive, {count:,} tweets{of_whom}")


@pytest.mark.shared_data
def test_the_long_posts_of_a_real_archive() -> None:
    path = SHARED_DATA / "archives" / "archive_e.zip"
    file, rows = read(path)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("data/note-tweet.js").decode("utf-8")
        tweets = json.loads(archive.read("data/tweets.js").decode("utf-8").partition("= ")[2])
    begins = [re.sub(r"(\s*https://t\.co/\w+)+$", "", t["tweet"]["full_text"]) for t in tweets]
    cut = sum(text.endswith("…") and not text.startswith("RT @") for text in begins)
    notes = [item["noteTweet"]["core"]["text"] for item in json.loads(text[text.index("[") :])]
    texts = {" ".join(row["text"].split()) for row in rows}
    whole = [note for note in notes if " ".join(note.split()) in texts]
    assert "without a tweet" not in file.read_as
    assert f"{cut} long posts made whole" in file.read_as
    # The rest was whole all along, with the link of a picture behind it; or has mentions before it.
    for note_text in set(notes) - set(whole):
        plain = " ".join(note_text.split())
        assert any(text.startswith(f"{plain} https://") or text.endswith(plain) for text in texts)
    assert not any(row["text"].endswith("…") for row in rows if row["kind"] != "retweet")
