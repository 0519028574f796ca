import gzip
import io
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from positivity.errors import InputError
from positivity.sources.files import ReadOptions, open_tweets
from positivity.tweets import SCHEMA

CSV = b"id,text\n" + b"".join(b"%d,tweet number %d\n" % (n, n) for n in range(500))


def texts(path: str, options: ReadOptions | None = None) -> list[str]:
    with open_tweets(path, options) as file:
        return [text for batch in file.batches() for text in batch["text"].to_pylist()]


class FakeStdin:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def parquet_bytes() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b"]}), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (CSV, 500),
        (gzip.compress(CSV), 500),
        (b'{"text":"a"}\n{"text":"b"}\n', 2),
        (parquet_bytes(), 2),
        (gzip.compress(parquet_bytes()), 2),
    ],
)
def test_files_and_standard_input_read_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, count: int
) -> None:
    path = tmp_path / "no-suffix"
    path.write_bytes(content)
    monkeypatch.setattr(sys, "stdin", FakeStdin(content))
    from_file, from_stdin = texts(str(path)), texts("-")
    assert len(from_file) == count
    assert from_file == from_stdin
    assert not sys.stdin.buffer.closed


def test_the_name_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", FakeStdin(CSV))
    with open_tweets("-") as file:
        assert file.name == "standard input"
        assert file.bytes_total is None
        batch = next(file.batches(10))
        assert batch.num_rows == 10
        assert set(batch["source"].to_pylist()) == {"standard input"}


def test_progress(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_bytes(b"id,text\n" + b"1,a tweet of some length\n" * 100_000)
    with open_tweets(str(path)) as file:
        assert file.bytes_total == path.stat().st_size
        read = [file.bytes_read for _ in file.batches()]
        assert read == sorted(read)
        assert read[0] < file.bytes_total
        assert file.bytes_read == file.bytes_total


@pytest.mark.parametrize("content", [gzip.compress(CSV), parquet_bytes()])
def test_progress_of_other_formats(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some"
    path.write_bytes(content)
    with open_tweets(str(path)) as file:
        list(file.batches())
        assert file.bytes_read == file.bytes_total == len(content)


def test_gzip_cut_short_keeps_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(CSV * 20)[:-30])
    with open_tweets(str(path)) as file:
        count = sum(batch.num_rows for batch in file.batches())
        assert file.read_as.startswith("gzip, CSV")
    assert count > 0
    assert file.unreadable > 0


def zip_bytes() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("data/tweets.js", "x")
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \r\n\t\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (gzip.compress(b""), "is empty"),
        (zip_bytes(), "zip archive"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n\x1a\n....", "image"),
        (b"RIFF1234WEBPVP8 ", "image"),
        (b"\xd0\xcf\x11\xe0....", "no Excel workbook"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"window.YTD.tweets.part0 = [ {", "X archive"),
        (bytes(range(256)) * 20, "not text"),
        (b"\0" * 1000 + b"\x01" * 500, "not text"),
        (b"PAR1....", "cut short"),
    ],
)
def test_what_holds_no_tweets(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        texts(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_tweets(str(tmp_path / "nothing.csv"))


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        open_tweets(str(tmp_path))


def test_permission_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.csv"
    path.write_bytes(CSV)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="may not be read"):
        open_tweets(str(path))


PIECES = [
    *(b'"', b",", b"\n", b"\r", b"\t", b"id", b"text", b"{", b"}", b"[", b"]", b":", b"\0"),
    *(b'{"text":"a"}', b"\xff\xfe", b"\xef\xbb\xbf", b"PAR1", b"\x1f\x8b", b"\xe9", b"&lt;"),
    *("é😀".encode(), b"2020-01-01", b"1234567890", b"a tweet of words"),
]


@settings(max_examples=400, deadline=None)
@given(
    st.binary(max_size=300) | st.builds(b"".join, st.lists(st.sampled_from(PIECES), max_size=40))
)
def test_any_bytes_give_tweets_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz"
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            with open_tweets(str(path)) as file:
                for batch in file.batches(5):
                    batch.validate(full=True)
                    assert batch.schema == SCHEMA
                assert file.unreadable >= 0
        except InputError as error:
            assert str(error).startswith(f"{path}: ")


def test_reading_files_imports_neither_pandas_nor_torch() -> None:
    code = (
        "import sys, positivity.sources.files, positivity.report.scores;"
        "print(sorted({'pandas', 'torch', 'tweepy', 'sklearn'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
