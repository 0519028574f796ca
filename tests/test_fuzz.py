"""Small files of every format, damaged in every way: tweets or one line of error, no traceback."""

import bz2
import gzip
import io
import json
import lzma
import os
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from positivity.errors import InputError
from positivity.sources.exports import KEYS
from positivity.sources.files import ReadOptions, open_all
from positivity.tweets import SCHEMA

COLUMNS = {
    "id": [str(1577730467436138524 + n) for n in range(9)],
    "created_at": ["2022-10-05 18:40:30"] * 9,
    "username": ["bob", "ada", None] * 3,
    "text": ['so "good", 😀', "two\nlines", "cafÃ© &amp; co"] * 3,
    "retweet": [False, True, False] * 3,
}
OBJECTS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
TWEETS = [{"tweet": {"id_str": row["id"], "full_text": row["text"]}} for row in OBJECTS]
TABLE = pa.table(COLUMNS)


def written(write: Callable[[io.BytesIO], object]) -> bytes:
    sink = io.BytesIO()
    write(sink)
    return sink.getvalue()


def delimited(mark: str, encoding: str = "utf-8") -> bytes:
    rows = [",".join(COLUMNS).replace(",", mark)]
    for row in OBJECTS:
        cells = (str(cell or "").replace('"', '""') for cell in row.values())
        rows.append(mark.join(f'"{cell}"' for cell in cells))
    return ("\r\n".join(rows) + "\r\n").encode(encoding)


def zipped(files: Mapping[str, bytes]) -> bytes:
    def write(sink: io.BytesIO) -> None:
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)

    return written(write)


def workbook() -> bytes:
    def write(sink: io.BytesIO) -> None:
        with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
            for _ in range(2):
                sheet = book.add_worksheet()
                sheet.write_row(0, 0, list(COLUMNS))
                for number, row in enumerate(OBJECTS, start=1):
                    sheet.write_row(number, 0, [str(cell) for cell in row.values()])

    return written(write)


def ipc_stream(sink: io.BytesIO) -> None:
    with pa.ipc.new_stream(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)


def js(name: str) -> bytes:
    return f"window.YTD.{name}.part0 = {json.dumps(TWEETS)}".encode()


NOTE = [{"noteTweet": {"createdAt": "2022-10-05T18:40:30Z", "core": {"text": "so long"}}}]
ARCHIVE = {
    "data/tweets.js": js("tweets"),
    "data/note-tweet.js": b"window.YTD.note_tweet.part0 = " + json.dumps(NOTE).encode(),
    "data/account.js": b'window.YTD.account.part0 = [{"account": {"username": "bob"}}]',
}
OLD_ARCHIVE = {
    "data/js/tweets/2012_01.js": b"Grailbird.data.tweets_2012_01 = "
    + json.dumps([item["tweet"] for item in TWEETS]).encode(),
    "tweets.csv": b"tweet_id,timestamp,text\n5,2012-01-02 03:04:05 +0000,hi\n",
}
PAGE = {"data": OBJECTS, "includes": {"users": [{"id": "7", "username": "bob"}]}, "meta": {}}

VALID: dict[str, bytes] = {
    "csv": delimited(","),
    "tsv": delimited("\t"),
    "semicolons in UTF-16": delimited(";", "utf-16"),
    "jsonl": "\n".join(map(json.dumps, OBJECTS)).encode(),
    "json": json.dumps(OBJECTS, indent=1).encode(),
    "page": json.dumps(PAGE, indent=1).encode(),
    "lines": "so good 😀\nwhat a day\n".encode(),
    "part of an archive": js("tweets"),
    "parquet": written(lambda sink: pq.write_table(TABLE, sink)),
    "feather": written(lambda sink: feather.write_feather(TABLE, sink)),
    "feather, plain": written(lambda sink: feather.write_feather(TABLE, sink, "uncompressed")),
    "arrow stream": written(ipc_stream),
    "excel": workbook(),
    "zip": zipped({"a.csv": delimited(","), "b.json": json.dumps(OBJECTS).encode()}),
    "archive": zipped(ARCHIVE),
    "old archive": zipped(OLD_ARCHIVE),
    "gzip": gzip.compress(delimited(",")),
    "bzip2": bz2.compress(delimited(",")),
    "xz": lzma.compress(delimited(",")),
    "zstd": pa.compress(delimited(","), "zstd", asbytes=True),
}
PIECES = [b"", b"\0", b'"', b"\n", b",", b"{", b"]", b"\xff" * 4, b"PK\x03\x04", b"9" * 40, b"</c>"]

Edit = tuple[str, float, float, bytes]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "flip", "remove", "insert", "repeat"]),
        st.floats(0, 1),
        st.floats(0, 1),
        st.sampled_from(PIECES) | st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, edits: list[Edit]) -> bytes:
    for what, place, length, piece in edits:
        at = int(place * len(content))
        end = min(len(content), at + 1 + int(length**4 * len(content)))
        if what == "cut":
            content = content[:at]
        elif what == "flip":
            content = content[:at] + piece + content[at + len(piece) :]
        elif what == "remove":
            content = content[:at] + content[end:]
        elif what == "insert":
            content = content[:at] + piece + content[at:]
        else:
            content = content[:end] + content[at:]
    return content


def repacked(content: bytes, edits: list[Edit]) -> bytes:
    """A zip archive with one of its members damaged, and right otherwise."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(files)[int(edits[0][1] * (len(files) - 1))]
    return zipped({**files, name: damaged(files[name], edits)})


def read_all(path: Path, options: ReadOptions) -> None:
    """Everything in a file; an error of input must be one line that names it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            for file in open_all(str(path), options, lambda error: None):
                rejected: list[object] = []
                file.on_reject = rejected.append
                try:
                    for batch in file.batches(4):
                        batch.validate(full=True)
                        assert batch.schema == SCHEMA
                finally:
                    file.close()
                assert file.unreadable == len(rejected)
        except InputError as error:
            assert str(error).startswith(str(path))
            assert "\n" not in str(error).replace(str(path), "")


# For a night of it, give a larger number.
EXAMPLES = int(os.environ.get("POSITIVITY_FUZZ_EXAMPLES", "60"))
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("name", VALID)
def test_undamaged(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(VALID[name])
    (file, *_) = open_all(str(path))
    assert sum(batch.num_rows for batch in file.batches()) > 1
    assert file.unreadable == 0


@SETTINGS
@pytest.mark.parametrize("name", VALID)
@given(edits=EDITS)
def test_damaged_files(tmp_path: Path, name: str, edits: list[Edit]) -> None:
    path = tmp_path / "file"
    path.write_bytes(damaged(VALID[name], edits))
    read_all(path, ReadOptions())


@SETTINGS
@pytest.mark.parametrize("name", ["excel", "archive", "old archive", "zip"])
@given(edits=EDITS)
def test_damaged_members(tmp_path: Path, name: str, edits: list[Edit]) -> None:
    path = tmp_path / "file"
    path.write_bytes(repacked(VALID[name], edits))
    read_all(path, ReadOptions(community=True, deleted=True))


@SETTINGS
@pytest.mark.parametrize("name", VALID)
@given(edits=EDITS | st.just([]), key=st.sampled_from(KEYS))
def test_any_format_demanded_of_any_file(
    tmp_path: Path, name: str, edits: list[Edit], key: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(damaged(VALID[name], edits))
    read_all(path, ReadOptions(format=key))
