"""Workbooks: sheets, types of cells, ids that Excel has rounded; and tables of Feather."""

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from positivity.errors import InputError
from positivity.sources.files import ReadOptions, open_all, open_tweets
from positivity.sources.reading import Reject

ID = "1577730467436138524"
HEADER = ["Tweet Id", "Datetime", "Username", "Text"]


def write(path: Path, **sheets: list[list[Any]]) -> Path:
    """A workbook with these rows of cells in its sheets."""
    with xlsxwriter.Workbook(path, {"remove_timezone": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(number, column, cell, day)
                    elif isinstance(cell, str):
                        sheet.write_string(number, column, cell)
                    elif cell is not None:
                        sheet.write(number, column, cell)
    return path


def read(path: Path, **options: Any) -> tuple[list[dict[str, Any]], str, list[Reject]]:
    rejects: list[Reject] = []
    with open_tweets(str(path), ReadOptions(**options)) as file:
        file.on_reject = rejects.append
        rows = [row for batch in file.batches() for row in batch.to_pylist()]
    assert file.unreadable == len(rejects)
    return rows, file.read_as, rejects


def test_cells_of_every_type(tmp_path: Path) -> None:
    time = datetime(2021, 1, 2, 3, 4, 5)
    path = write(
        tmp_path / "tweets.xlsx",
        Sheet1=[
            [*HEADER, "Likes", "isRetweet"],
            [ID, time, "bob", "so good", 12, False],
            ["155", "2021-01-02", "ada", "=1+1", 1234.0, True],
            ["156", None, None, "null", None, None],
        ],
    )
    rows, read_as, rejects = read(path)
    assert read_as == ("snscrape Excel, sheet 'Sheet1', text from 'Text', time from 'Datetime'")
    assert [row["id"] for row in rows] == [ID, "155", "156"]
    assert [row["text"] for row in rows] == ["so good", "=1+1", "null"]
    assert [row["likes"] for row in rows] == [12, 1234, None]
    assert [row["kind"] for row in rows] == ["original", "retweet", "original"]
    assert rows[0]["created_at"] == time.replace(tzinfo=UTC)
    assert rows[1]["created_at"] == datetime(2021, 1, 2, tzinfo=UTC)
    assert not rejects


def test_midnight_among_times_is_a_time_and_a_date_alone_is_none(tmp_path: Path) -> None:
    midnight, time = datetime(2021, 1, 2), datetime(2021, 1, 2, 3, 4)
    path = write(tmp_path / "t.xlsx", S=[HEADER, *([ID, t, "bob", "a"] for t in (midnight, time))])
    rows, _, _ = read(path)
    assert [row["created_at"] for row in rows] == [t.replace(tzinfo=UTC) for t in (midnight, time)]
    assert not any(row["date_only"] for row in rows)
    path = write(tmp_path / "t.xlsx", S=[HEADER, *([ID, midnight, "bob", "a"] for _ in range(2))])
    rows, _, _ = read(path)
    assert [row["created_at"] for row in rows] == [midnight.replace(tzinfo=UTC)] * 2
    assert all(row["date_only"] for row in rows)


def test_ids_that_excel_has_rounded_are_said(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", S=[["id", "text"], [int(ID), "a"], [int(ID) + 10, "b"]])
    rows, read_as, _ = read(path)
    assert [row["id"] for row in rows] == [None, None]
    assert read_as.endswith("ids were rounded by a spreadsheet: kept as missing")
    link = "https://x.com/bob/status/"
    path = write(
        tmp_path / "t.xlsx",
        S=[["id", "text", "Post Link"], [int(ID), "a", link + ID], [5e18, "b", link + "155"]],
    )
    rows, read_as, _ = read(path)
    assert [row["id"] for row in rows] == [ID, "155"]
    assert read_as.endswith("ids were rounded by a spreadsheet: taken from the links")


def test_numbers_that_are_short_enough_stay_ids(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", S=[["id", "text"], [123456789012345, "a"], [7, "b"]])
    assert [row["id"] for row in read(path)[0]] == ["123456789012345", "7"]


def test_the_sheets_with_tweets_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.xlsx",
        About=[["made by", 5], [7, 8]],
        Empty=[],
        January=[HEADER, [ID, "2021-01-02", "bob", "one"]],
        Other=[["text"], ["not one of the same table"]],
        February=[HEADER, ["155", "2021-02-02", "bob", "two"]],
    )
    rows, read_as, _ = read(path)
    assert [row["text"] for row in rows] == ["one", "two"]
    assert "sheets 'January', 'February'" in read_as
    with open_tweets(str(path)) as file:
        assert file.notes == (
            f"{path}: has other columns in 'About', 'Other', which was not read.",
        )


def test_a_table_that_begins_further_down(tmp_path: Path) -> None:
    blank: list[Any] = [None] * 5
    rows = [["", "", *row] for row in (HEADER, [ID, "2021-01-02", "bob", "one"])]
    aside = [*blank, None, "a note beside the table"]
    path = write(tmp_path / "t.xlsx", S=[blank, blank, *rows, aside])
    found, _, rejects = read(path)
    assert [row["text"] for row in found] == ["one", ""]
    assert not rejects


def test_titles_above_the_names(tmp_path: Path) -> None:
    rows = [["Export"], ["by", "me"], [], HEADER, [ID, "2021-01-02", "bob", "one"]]
    rows_read, read_as, _ = read(write(tmp_path / "t.xlsx", S=rows))
    assert [(row["id"], row["text"]) for row in rows_read] == [(ID, "one")]
    assert "text from 'Text'" in read_as


def test_titles_above_names_of_which_none_is_that_of_the_text(tmp_path: Path) -> None:
    rows = [["All posts"], ["Post ID", "Published", "Author Handle", "Post Content"]]
    rows += [[f"15{n}", f"2024-03-{n:02}", "@bob", f"so good {n}"] for n in range(1, 21)]
    path = write(tmp_path / "t.xlsx", Cover=[["Made by", "the tool"], ["See sheet 2"]], Data=rows)
    found, read_as, _ = read(path)
    assert [row["text"] for row in found] == [f"so good {n}" for n in range(1, 21)]
    assert {row["author"] for row in found} == {"bob"}
    assert found[0]["id"] == "151"
    assert found[0]["created_at"] == datetime(2024, 3, 1, tzinfo=UTC)
    assert "sheet 'Data'" in read_as


@pytest.mark.parametrize("cover", [[["See sheet 2"]], [["Author"], ["bob the builder"]]])
def test_a_cover_is_not_taken_for_the_tweets(tmp_path: Path, cover: list[list[Any]]) -> None:
    named: list[list[Any]] = [["text", "id"], *([f"so good {n}", n] for n in range(1, 5))]
    path = write(tmp_path / "t.xlsx", Cover=cover, Data=named)
    assert len(read(path)[0]) == 4
    texts: list[list[Any]] = [[f"so good {n}"] for n in range(4)]
    if len(cover) == 1:  # without names, nothing but the length of a list tells
        path = write(tmp_path / "t.xlsx", Cover=cover, Data=texts)
        assert [row["text"] for row in read(path)[0]] == [f"so good {n}" for n in range(4)]


def test_without_a_header(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", S=[[f"{ID[:-1]}{n}", f"so good {n}"] for n in range(5)])
    rows, _, _ = read(path)
    assert [row["text"] for row in rows] == [f"so good {n}" for n in range(5)]
    assert rows[3]["id"] == f"{ID[:-1]}3"


@pytest.mark.parametrize(
    ("sheets", "message"),
    [
        ({"S": []}, "sheet 'S': is empty"),
        ({"S": [HEADER]}, "no tweets below them"),
        ({"S": [["a", "b"], [1, 2], [3, 4]]}, "no column looks like the text"),
    ],
)
def test_no_tweets(tmp_path: Path, sheets: dict[str, list[list[Any]]], message: str) -> None:
    path = write(tmp_path / "t.xlsx", **sheets)
    with pytest.raises(InputError, match=message) as caught:
        open_tweets(str(path))
    assert str(caught.value).startswith(f"{path}, sheet 'S': ") or "sheet" in str(caught.value)


CONTENT = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="Tweets">{rows}</table:table></office:spreadsheet></office:body>
</office:document-content>"""


def test_libreoffice(tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(
        f"<table:table-row>{cell.format(left)}{cell.format(right)}</table:table-row>"
        for left, right in (("id", "text"), (ID, "so &lt;good&gt;"))
    )
    path = tmp_path / "t.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", CONTENT.replace("{rows}", rows))
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    rows_read, read_as, _ = read(path)
    assert [(row["id"], row["text"]) for row in rows_read] == [(ID, "so <good>")]
    assert "sheet 'Tweets'" in read_as


def test_workbooks_in_folders_and_zip_archives(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    book = write(folder / "a.xlsx", S=[HEADER, [ID, "2021-01-02", "bob", "one"]])
    packed = folder / "b.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(book, "inner/c.xlsx")
    files = open_all(str(folder))
    assert [file.name for file in files] == [str(book), f"{packed}/inner/c.xlsx"]
    for file in files:
        assert [row["id"] for batch in file.batches() for row in batch.to_pylist()] == [ID]


def test_a_workbook_that_would_unpack_to_too_much(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", S=[HEADER, [ID, "2021-01-02", "bob", "one"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/bomb.xml", b" " * (300 << 20))
    with pytest.raises(InputError, match="would unpack to"):
        open_tweets(str(path))


def write_feather(table: pa.Table, path: Path) -> None:
    feather.write_feather(table, path, chunksize=4)


def write_stream(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=4)


def write_plain(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)


def write_old(table: pa.Table, path: Path) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        feather.write_feather(table, path, version=1)


@pytest.mark.parametrize("save", [write_feather, write_stream, write_plain, write_old])
@pytest.mark.parametrize("size", [3, 8192])
def test_feather(tmp_path: Path, save: Callable[[pa.Table, Path], None], size: int) -> None:
    path = tmp_path / "tweets"
    time = datetime(2021, 1, 2, 3, 4, 5, tzinfo=UTC)
    table = pa.table(
        {
            "tweet_id": [int(ID) + n for n in range(10)],
            "text": [f"so good {n}" if n != 7 else None for n in range(10)],
            "created_at": pa.array([time] * 10, pa.timestamp("us", "UTC")),
            "likes": [float(n) for n in range(10)],
        }
    )
    save(table, path)
    rejects: list[Reject] = []
    with open_tweets(str(path)) as file:
        file.on_reject = rejects.append
        batches = list(file.batches(size))
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert max(batch.num_rows for batch in batches) <= size
    assert [row["id"] for row in rows] == [str(int(ID) + n) for n in range(10) if n != 7]
    assert rows[8]["likes"] == 9
    assert {row["created_at"] for row in rows} == {time}
    assert [(row.line, row.reason) for row in rejects] == [(8, "has no text")]
    kind = "Arrow stream" if save is write_stream else "Feather"
    assert file.read_as == f"{kind}, text from 'text', time from 'created_at'"


def test_feather_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "tweets.feather"
    write_feather(pa.table({"text": ["a"] * 99}), path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="Feather file that is cut short or damaged"):
        open_tweets(str(path))


def write_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path)


def write_sheet(table: pa.Table, path: Path) -> None:
    rows = map(list, zip(*table.to_pydict().values(), strict=True))
    write(path, Sheet1=[table.column_names, *rows])


@pytest.mark.parametrize(
    "save", [write_parquet, write_feather, write_stream, write_old, write_sheet]
)
def test_the_order_of_day_and_month_is_sought_in_the_whole_file(
    tmp_path: Path, save: Callable[[pa.Table, Path], None]
) -> None:
    """The first day above 12 comes after the rows that are looked at first."""
    path = tmp_path / "tweets"
    days = [f"{1 + n % 12}/{1 + n % 7}/2020" for n in range(600)]
    texts = [f"so it goes on and on {n}" for n in range(601)]
    save(pa.table({"date": [*days, "25/3/2020"], "text": texts}), path)
    rows, read_as, _ = read(path)
    assert "dates with the day first" in read_as
    assert [(row["created_at"].day, row["created_at"].month) for row in rows[7:9]] == [
        (8, 1),
        (9, 2),
    ]
    save(pa.table({"date": [*days, "10/2/2020"], "text": texts}), path)
    assert "taken as month first" in read(path)[1]


def test_days_before_the_break_of_a_file_tell_too(tmp_path: Path) -> None:
    path = tmp_path / "tweets"
    days = ["3/4/2020"] * 400
    write_stream(pa.table({"date": days, "text": ["so it goes on"] * 400}), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_tweets(str(path)) as file:
        assert "taken as month first" in file.read_as
        assert next(iter(file.batches(4))).num_rows == 4
