import bz2
import gzip
import io
import lzma
import os
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from positivity.errors import InputError
from positivity.sources.compression import compression_of
from positivity.sources.files import TweetFile, open_all, open_tweets
from positivity.sources.folders import Folder

Files = Mapping[str, bytes]


def table(*texts: str) -> bytes:
    return b"id,text\n" + b"".join(f"{n},{text}\n".encode() for n, text in enumerate(texts))


def parquet(*texts: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": list(texts)}), sink)
    return sink.getvalue()


def zstd(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


def zipped(files: Files) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


FILES: Files = {
    "b.jsonl": b'{"text":"from b"}\n{"text":"more from b"}\n',
    "a.csv": table("from a one", "from a two"),
    "c/deep.parquet": parquet("from deep"),
    "c/d.csv.gz": gzip.compress(table("from d")),
    "README.txt": b"Read me first\n",
    "notes.md": b"# Notes\n",
    "photo.jpg": b"\xff\xd8\xff",
    ".hidden.csv": table("hidden"),
    "__MACOSX/._a.csv": b"\0\5\x16\7",
}
TEXTS = [
    ("a.csv", ["from a one", "from a two"]),
    ("b.jsonl", ["from b", "more from b"]),
    ("c/d.csv.gz", ["from d"]),
    ("c/deep.parquet", ["from deep"]),
]


def write_folder(path: Path, files: Files) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def write_zip(path: Path, files: Files) -> Path:
    path.write_bytes(zipped(files))
    return path


@pytest.fixture(params=["folder", "zip"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Files], Path]:
    if request.param == "zip":
        return lambda files: write_zip(tmp_path / "some.zip", files)
    return lambda files: write_folder(tmp_path / "some", files)


def texts(file: TweetFile) -> list[str]:
    return [text for batch in file.batches() for text in batch["text"].to_pylist()]


def test_every_file_of_tweets(write: Callable[[Files], Path]) -> None:
    path = write(FILES)
    files = open_all(str(path))
    assert [(file.name, texts(file)) for file in files] == [
        (f"{path}/{name}", expected) for name, expected in TEXTS
    ]
    assert [file.read_as.split(",")[0] for file in files] == [
        "CSV",
        "JSON Lines",
        "gzip",
        "Parquet",
    ]
    for file in files:
        assert file.bytes_read == file.bytes_total
        assert file.unreadable == 0


def notes_of(path: Path) -> list[str]:
    files = open_all(str(path))
    for file in files:
        texts(file)
    return [note for file in files for note in (*file.place_notes, *file.notes)]


def test_what_is_passed_over_is_said(write: Callable[[Files], Path]) -> None:
    path = write(FILES)
    assert notes_of(path) == [
        f"{path}: 2 files are passed over, as their names do not end like that of a table or of "
        "JSON: notes.md, photo.jpg."
    ]
    more = {"z/1.dat": b"a", "z/2.dat": b"", "z/3": b"", "z/4.CSV.bak": b"", "é.DAT": b""}
    path = write({**FILES, **more})
    assert notes_of(path)[0].endswith("JSON: notes.md, photo.jpg, z/1.dat and 4 more.")


@pytest.mark.parametrize("name", ["license_debate.csv", "Notice.csv", "readme2.txt", "README.json"])
def test_tweets_that_are_named_like_a_notice(write: Callable[[Files], Path], name: str) -> None:
    (file,) = open_all(str(write({name: table("a tweet"), "ReadMe.TXT": b"x", "LICENSE": b"y"})))
    assert texts(file) == ["a tweet"]
    assert file.place_notes == ()


def test_what_is_kept_beside_scores_is_no_tweets(write: Callable[[Files], Path]) -> None:
    path = write({"a.csv": table("a tweet"), "_positivity/1.rows.parquet": parquet("none")})
    assert [texts(file) for file in open_all(str(path))] == [["a tweet"]]


def test_the_source_of_each_tweet(write: Callable[[Files], Path]) -> None:
    path = write({"a.csv": table("one of them")})
    with open_tweets(str(path)) if path.suffix else open_all(str(path))[0] as file:
        (batch,) = file.batches()
    assert batch["source"].to_pylist() == [f"{path}/a.csv"]


def test_files_that_cannot_be_opened(write: Callable[[Files], Path]) -> None:
    path = write({**FILES, "bad.csv": b"", "worse.json": b"%PDF-1.7"})
    errors: list[InputError] = []
    assert len(open_all(str(path), on_error=errors.append)) == 4
    assert [str(error) for error in errors] == [
        f"{path}/bad.csv: is empty",
        f"{path}/worse.json: is a PDF; export the tweets as CSV, JSON or Parquet",
    ]
    with pytest.raises(InputError, match=r"bad\.csv: is empty"):
        open_all(str(path))


def test_nothing_can_be_opened(write: Callable[[Files], Path]) -> None:
    errors: list[InputError] = []
    with pytest.raises(InputError, match="none of the 2 files"):
        open_all(str(write({"a.csv": b"", "b.csv": b""})), on_error=errors.append)
    assert len(errors) == 2


@pytest.mark.parametrize("files", [{}, {"photo.jpg": b"\xff\xd8", "LICENSE.txt": b"All rights\n"}])
def test_no_file_of_tweets(write: Callable[[Files], Path], files: Files) -> None:
    path = write(files)
    path.mkdir(exist_ok=True) if not path.suffix else None
    with pytest.raises(InputError, match="without a file of tweets") as caught:
        open_all(str(path))
    assert str(caught.value).startswith(f"{path}: is a ")


def test_rows_that_cannot_be_read_are_counted(write: Callable[[Files], Path]) -> None:
    path = write(
        {"a.jsonl": b'{"text":"good"}\n{"text":\n{"text":"fine"}\n', "b.csv": table("x y")}
    )
    first, second = open_all(str(path))
    assert (texts(first), first.unreadable) == (["good", "fine"], 1)
    assert (texts(second), second.unreadable) == (["x y"], 0)
    assert not first.damaged


def test_a_member_that_is_cut_short(write: Callable[[Files], Path]) -> None:
    whole = gzip.compress(table(*(f"{n * 7919 % 1009} and {n}" for n in range(9000))))
    (file,) = open_all(str(write({"a.csv.gz": whole[:-200]})))
    assert 1000 < len(texts(file)) < 9000
    assert file.damaged
    assert file.unreadable > 0


def test_a_damaged_member_of_a_zip_archive(tmp_path: Path) -> None:
    lines = table(*(f"{n * 7919 % 1009} and {n}" for n in range(9000)))
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.csv", lines)
    path.write_bytes(path.read_bytes().replace(b"and 8999", b"and 8888"))
    (file,) = open_all(str(path))
    assert len(texts(file)) > 8000
    assert file.damaged
    assert file.unreadable > 0


def test_zip_archives_in_a_folder(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, {"a.csv": table("from a"), "z.zip": zipped(FILES)})
    files = open_all(str(folder))
    names = ["a.csv", *(f"z.zip/{name}" for name, _ in TEXTS)]
    assert [file.name for file in files] == [f"{folder}/{name}" for name in names]
    assert sum(len(texts(file)) for file in files) == 7


def test_a_zip_archive_inside_another(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"b.zip": zipped(FILES), "a.csv": table("from a")})
    errors: list[InputError] = []
    assert len(open_all(str(path), on_error=errors.append)) == 1
    assert "inside another" in str(errors[0])


def test_a_member_without_a_name(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"QQQ": b"", "a.csv": b"text\nhi\n"})
    path.write_bytes(path.read_bytes().replace(b"QQQ", b"\0QQ"))
    (file,) = open_all(str(path))
    assert file.name == f"{path}/a.csv"
    file.close()


def test_a_spreadsheet(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.xlsx", {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b""})
    with pytest.raises(InputError, match="Excel"):
        open_all(str(path))


def test_one_file_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds 4 files of tweets"):
        open_tweets(str(write_zip(tmp_path / "a.zip", FILES)))
    with pytest.raises(InputError, match="is a folder"):
        open_tweets(str(tmp_path))


def test_few_files_are_open_at_a_time(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    folder = write_folder(tmp_path, {f"{n:03}.csv": table("x y z") for n in range(100)})
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, limits[1]))
    try:
        files = open_all(str(folder))
        assert sum(len(texts(file)) for file in files) == 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "some", FILES)
    (folder / "c").chmod(0)
    try:
        with pytest.raises(InputError, match="cannot be looked into"):
            open_all(str(folder))
    finally:
        (folder / "c").chmod(0o700)


def test_links_do_not_lead_in_circles(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, {"a/b.csv": table("x y")})
    (folder / "a" / "again").symlink_to(folder, target_is_directory=True)
    assert Folder(str(folder)).names == ["a/b.csv"]


CONTENT = table(*(f"tweet number {n} of {n * 7919 % 1009}" for n in range(5000)))
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
}


class FakeStdin:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


@pytest.fixture(params=["path", "stdin"])
def opened(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bytes], list[TweetFile]]:
    """A function that opens some content, from a file without a telling name or from stdin."""

    def open_it(content: bytes) -> list[TweetFile]:
        monkeypatch.setattr(sys, "stdin", FakeStdin(content))
        (tmp_path / "some").write_bytes(content)
        return open_all("-" if request.param == "stdin" else str(tmp_path / "some"))

    return open_it


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_compressed(opened: Callable[[bytes], list[TweetFile]], kind: str) -> None:
    (file,) = opened(COMPRESSIONS[kind](CONTENT))
    assert file.read_as.startswith(f"{kind}, CSV")
    assert len(texts(file)) == 5000
    assert file.unreadable == 0
    assert not file.damaged


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_compressed_in_several_pieces(
    opened: Callable[[bytes], list[TweetFile]], kind: str
) -> None:
    compress = COMPRESSIONS[kind]
    (file,) = opened(compress(CONTENT[:50_000]) + compress(CONTENT[50_000:]))
    assert len(texts(file)) == 5000


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_compressed_and_cut_short(opened: Callable[[bytes], list[TweetFile]], kind: str) -> None:
    compress = COMPRESSIONS[kind]
    content = compress(CONTENT)
    (file,) = opened(content + compress(CONTENT * 5)[:-40])
    assert len(texts(file)) >= 4990
    assert file.damaged
    assert file.unreadable > 0


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_compressed_and_damaged(opened: Callable[[bytes], list[TweetFile]], kind: str) -> None:
    content = COMPRESSIONS[kind](CONTENT)
    with pytest.raises(InputError, match="file that is damaged; get it again"):
        opened(content[:11])


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_compressed_twice(opened: Callable[[bytes], list[TweetFile]], kind: str) -> None:
    with pytest.raises(InputError, match="compressed twice"):
        opened(gzip.compress(COMPRESSIONS[kind](CONTENT)))


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_compressed_parquet(opened: Callable[[bytes], list[TweetFile]], kind: str) -> None:
    (file,) = opened(COMPRESSIONS[kind](parquet("a b", "c d")))
    assert texts(file) == ["a b", "c d"]


def test_a_zip_archive_by_path_and_stdin(opened: Callable[[bytes], list[TweetFile]]) -> None:
    files = opened(zipped(FILES))
    assert [texts(file) for file in files] == [expected for _, expected in TEXTS]
    assert len(opened(gzip.compress(zipped(FILES)))) == 4


def test_a_text_that_only_begins_like_bzip2() -> None:
    assert compression_of(b"BZh9 is a postcode?") is None
    assert compression_of(bz2.compress(b"")) == "bzip2"
    assert compression_of(bz2.compress(b"a")) == "bzip2"


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions")
def test_what_may_not_be_looked_at_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a link into somebody else's folder."""
    (tmp_path / "a.csv").write_bytes(table("one"))
    (tmp_path / "b.csv").write_bytes(table("two"))
    look = Path.is_file

    def is_file(path: Path) -> bool:
        if path.name == "b.csv":
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    assert Folder(str(tmp_path)).names == ["a.csv", "b.csv"]
