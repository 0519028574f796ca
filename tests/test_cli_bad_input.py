"""What is wrong ends in one line on stderr and the documented exit code, and never in a traceback;
what is good beside it is still scored."""

import csv
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.model.registry import ModelDirectory

FULL = Path("/dev/full")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")
NEEDS_FULL = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
ROWS = [f"{2**60 + n},love great day {n}" for n in range(20)]
GOOD = "\n".join(["id,text", *ROWS]) + "\n"
HOSTILE = "\x1b[31m[red]x[/red]\x1b]0;title\x07 [link=y]z"

runner = CliRunner()


def run(model: ModelDirectory, *arguments: object, stdin: bytes = b"") -> Result:
    command = ["score", "--model", str(model.path), "--device", "cpu", *map(str, arguments)]
    result = runner.invoke(app, command, input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def refused(result: Result, code: int) -> str:
    """The one line on stderr of a command that ends with this code and prints nothing else."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("positivity: ")
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def counts(result: Result, code: int = 0) -> dict[str, int]:
    """Found, counted and the reasons of the only report, once they add up."""
    assert result.exit_code == code, result.output
    (report,) = json.loads(result.stdout)["reports"]
    found, counted, left_out = (report["counts"][k] for k in ("found", "counted", "left_out"))
    assert found == counted + sum(left_out.values())
    return {"found": found, "counted": counted, **left_out}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


def parquet(**columns: object) -> Callable[[Path], None]:
    return lambda path: pq.write_table(pa.table(columns), path)


def cut_parquet(path: Path) -> None:
    pq.write_table(pa.table({"text": ["love"] * 99}), path)
    path.write_bytes(path.read_bytes()[:-20])


# What is in the file, and a part of the line that says what is wrong with it.
UNREADABLE: dict[str, tuple[bytes | Callable[[Path], None], str]] = {
    "empty.csv": (b"", "is empty"),
    "spaces.csv": (b" \n\n\t\n", "is empty but for spaces"),
    "binary.csv": (bytes(range(32)) * 99, "is not text"),
    "zeros.csv": (bytes(999), "is not text"),
    "header.csv": (b"id,text\n", "no tweets below them"),
    "columns.csv": (b"a,b\n1,2\n3,4\n", "its columns are 'a', 'b'"),
    "zip.csv": (b"PK\x03\x04" + bytes(99), "is a zip archive"),
    "page.csv": (b"<!DOCTYPE html><html>", "is a web page"),
    "empty.csv.gz": (gzip.compress(b""), "is empty"),
    "damaged.csv.gz": (b"\x1f\x8b\x08" + b"\xff" * 99, "is damaged"),
    "cut.gz": (b"\x1f\x8b", "is damaged"),
    "cut.json": (b'{"text": "lo', "no line of JSON"),
    "empty.json": (b"[]", "without any tweet"),
    "nulls.jsonl": (b'{"text": null, "id": null}\n' * 3, "its keys are 'text', 'id'"),
    "keys.jsonl": (b'{"a": 1}\n{"a": 2}\n', "its keys are 'a'"),
    "deep.json": (b"[" * 99_999, "no line of JSON"),
    "magic.parquet": (b"PAR1", "cut short or damaged"),
    "cut.parquet": (cut_parquet, "cut short or damaged"),
    "numbers.parquet": (parquet(a=[1, 2], b=[1.5, None]), "its columns are 'a', 'b'"),
    "lists.parquet": (parquet(text=[["love"], ["hate"]]), "holds lists"),
    "rows.parquet": (parquet(text=pa.array([], pa.string())), "no rows"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_files(tiny_model: ModelDirectory, tmp_path: Path, name: str) -> None:
    content, message = UNREADABLE[name]
    path = tmp_path / name
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)
    line = refused(run(tiny_model, path), 3)
    assert line.startswith(f"positivity: {path}: ") and message in line
    from_stdin = refused(run(tiny_model, "-", stdin=path.read_bytes()), 3)
    assert from_stdin.startswith("positivity: standard input: ") and message in from_stdin


@pytest.mark.parametrize("content", [b"[1, 2]", b"null\n"])
def test_a_document_that_only_its_name_tells(
    tiny_model: ModelDirectory, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "answer.json"
    path.write_bytes(content)
    assert "no line of JSON with the text of a tweet" in refused(run(tiny_model, path), 3)
    assert run(tiny_model, "-", stdin=content).exit_code == 0  # somebody may tweet that


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nothing.csv", "there is no such file"),
        ("good.csv/x.csv", "there is no such file"),
        ("", "is no name of a file"),
        ("a\0b", "is no name of a file"),
        ("x" * 5000, "cannot be read"),
    ],
)
def test_paths_that_lead_nowhere(
    tiny_model: ModelDirectory,
    good: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    message: str,
) -> None:
    monkeypatch.chdir(good.parent)
    assert message in refused(run(tiny_model, path), 3)


# What is in the file, and how many of its rows are found, counted, and left out for which reason.
PARTLY_GOOD: dict[str, tuple[bytes | Callable[[Path], None], dict[str, int]]] = {
    "ragged.csv": (
        f'{GOOD}one cell\n1,"never closed\n1,2,3,4\n'.encode(),
        {"found": 23, "counted": 20, "unreadable row": 3},
    ),
    "utf16.csv": (GOOD.encode("utf-16"), {"found": 20, "counted": 20}),
    "latin.csv": (
        "text\nlove great café\nhate awful naïve\n".encode("latin-1"),
        {"found": 2, "counted": 2},
    ),
    "broken-utf8.csv": (
        b"text\nlove \xff\xfe great\nhate \x80 awful\n",
        {"found": 2, "counted": 2},
    ),
    "mixed.jsonl": (
        b'{"text": "love great"}\n{"text": null}\n{"text": 3}\n[1]\nnull\n{bad\n'
        b'{"id": null, "text": "hate awful", "created_at": null, "user": null, "lang": null}\n',
        {"found": 7, "counted": 3, "unreadable row": 4},
    ),
    "cut.json": (
        b'[{"text": "love great"}, {"text": "hate awful"}, {"te',
        {"found": 3, "counted": 2, "unreadable row": 1},
    ),
    "huge-number.jsonl": (
        b'{"text": "love great", "id": ' + b"9" * 5000 + b'}\n{"text": "hate awful", "id": NaN}\n',
        {"found": 2, "counted": 1, "unreadable row": 1},
    ),
    "surrogate.jsonl": (
        b'{"text": "love \\ud83d great", "author": "\\ud800x"}\n',
        {"found": 1, "counted": 1},
    ),
    "null.parquet": (
        parquet(id=[2**60, None, 5], text=["love great", None, "hate awful"]),
        {"found": 3, "counted": 2, "unreadable row": 1},
    ),
    "bytes.parquet": (parquet(text=[b"love \xff", b"hate"]), {"found": 2, "counted": 2}),
    "missing-words.csv": (
        b"id,text\n1,NA\n2,null\n3,None\n4,nan\n5,\n6,\n",
        {"found": 6, "counted": 4, "no words or emoji": 2},
    ),
    "numbers.csv": (b"id,text\n1,5\n2,7\n3,8.5\n", {"found": 3, "counted": 3}),
    "long.csv": (b"text\n" + b"love " * 5000 + b"\n", {"found": 1, "counted": 1}),
    "wide.csv": (
        (",".join(["text", *(f"c{n}" for n in range(999))]) + "\n").encode()
        + ("love great" + ",5" * 999 + "\n").encode() * 3,
        {"found": 3, "counted": 3},
    ),
    "retweets.csv": (
        b"id,text\n1,RT @a: love\n2,RT @b: hate\n",
        {"found": 2, "counted": 0, "retweet": 2},
    ),
}


CUT = ("cut.json",)


@pytest.mark.parametrize("name", PARTLY_GOOD)
def test_good_rows_are_scored_and_bad_ones_counted(
    tiny_model: ModelDirectory, tmp_path: Path, name: str
) -> None:
    content, expected = PARTLY_GOOD[name]
    path, scores = tmp_path / name, tmp_path / "scores.csv"
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)
    options = ["--format", "json", "--language", "en"]
    rejects = tmp_path / "rejects.csv"
    result = run(tiny_model, path, *options, "--scores", scores, "--rejects", rejects)
    assert counts(result, 8 if name in CUT else 0) == expected
    with rejects.open(encoding="utf-8", newline="") as file:
        rejected = list(csv.DictReader(file))
    assert len(rejected) == expected.get("unreadable row", 0)
    assert all(row["file"] == str(path) and row["line"] and row["reason"] for row in rejected)
    # The file of scores is read again: it holds a row for each tweet that was read.
    again = counts(run(tiny_model, scores, *options))
    assert again["found"] == expected["found"] - expected.get("unreadable row", 0)


def test_gzip_that_breaks_off_says_so(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    lines = "".join(f"{n},love great {n * n}\n" for n in range(5000))
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(f"id,text\n{lines}".encode())[:9000])
    result = run(tiny_model, path, "--format", "json")
    assert 100 < counts(result, 8)["counted"] < 5000
    assert 1 <= counts(result, 8)["unreadable row"] <= 2  # the end, and maybe the row that it cut
    assert result.stderr == f"positivity: {path} is damaged: only its beginning was read.\n"
    assert "only its beginning was read" in json.loads(result.stdout)["reports"][0]["limits"][1]


@pytest.mark.parametrize(
    "bad",
    [b"", b'{"a": 1}\n{"a": 2}\n'],
    ids=["seen when it is opened", "seen when it is read"],
)
@pytest.mark.parametrize("options", [[], ["--by", "file"], ["--by", "author"]])
def test_one_bad_file_of_two(
    tiny_model: ModelDirectory, good: Path, bad: bytes, options: list[str]
) -> None:
    path = good.with_name("bad.jsonl")
    path.write_bytes(bad)
    result = run(tiny_model, path, good, *options)
    assert result.exit_code == 8, result.output
    assert result.stderr.startswith(f"positivity: {path}: ")
    assert result.stderr.count("\n") == 1
    assert "mainly positive" in result.stdout


@pytest.mark.parametrize("content", [b"", b'{"a": 1}\n'])
def test_only_bad_files(tiny_model: ModelDirectory, tmp_path: Path, content: bytes) -> None:
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path in paths:
        path.write_bytes(content * 2)
    result = run(tiny_model, *paths)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        *map(str, paths),
        "none of the 2 files can be read",
    ]


# Options, the exit code, and a part of the message.
MISUSED: list[tuple[list[str], int, str]] = [
    (["--since", "2026-02-01", "--until", "2026-01-01"], 2, "--since is not before --until"),
    (["--since", "2026-02-01T10:00", "--until", "2026-02-01T10:00"], 2, "is not before --until"),
    (["--since", "yesterday"], 2, "not a date"),
    (["--since", ""], 2, "not a date"),
    (["--timezone", "Mars/Base"], 2, "no such time zone"),
    (["--timezone", "../../etc/passwd"], 2, "no such time zone"),
    (["--language", "de"], 2, "'de'"),
    (["--language", ""], 2, "''"),
    (["--delimiter", "ab"], 2, "not one character"),
    (["--encoding", "klingon"], 3, "no encoding of text"),
    (["--encoding", "base64"], 3, "no encoding of text"),
    (["--text-column", "zz"], 3, "its columns are 'id', 'text'"),
    (["--text-column", "3"], 3, "there is no column '3'"),
    (["--scores", "scores.xls"], 2, ".csv, .jsonl, .parquet, .xlsx"),
    (["--rejects", "rejects.txt"], 2, "rejects are written as .csv"),
    (["--rejects", "a.csv", "--scores", "./a.csv"], 2, "name the same file"),
    (["--scores", "missing/scores.csv"], 3, "cannot be written"),
    (["--scores", "folder.csv"], 3, "is a folder"),
    (["--output", "missing/report.txt"], 3, "no such folder"),
    (["--output", "folder.csv"], 3, "is a folder"),
    (["--sample"], 2, "give it no file"),
]


@pytest.mark.parametrize(("options", "code", "message"), MISUSED)
def test_misused_options(
    tiny_model: ModelDirectory,
    good: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(good.parent)
    Path("folder.csv").mkdir()
    assert message in refused(run(tiny_model, good, *options), code)
    assert sorted(path.name for path in Path().iterdir()) == ["folder.csv", "good.csv"]


@pytest.mark.parametrize("option", ["--output", "--plot"])
@pytest.mark.parametrize(
    "command",
    [["score", "--sample"], ["explore", "--sample"], ["inspect", "not bad"], ["lab"]],
    ids=lambda command: command[0],
)
def test_a_name_that_ends_in_a_slash_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = runner.invoke(app, [*command, option, "new.png/"])
    assert "new.png/: is a folder; name a file in it" in refused(result, 3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        ["--device", "tpu"],
        ["--format", "xml"],
        ["--by", "month"],
        ["--by", "week"],
        ["--include", "all"],
        ["--bogus"],
    ],
)
def test_options_that_do_not_exist(
    tiny_model: ModelDirectory, good: Path, options: list[str]
) -> None:
    result = run(tiny_model, good, *options)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert options[0] in result.stderr


@pytest.mark.parametrize(("arguments", "message"), [([], "name a file"), (["-", "-"], "only once")])
def test_files_that_do_not_go(
    tiny_model: ModelDirectory, arguments: list[str], message: str
) -> None:
    assert message in refused(run(tiny_model, *arguments, stdin=GOOD.encode()), 2)


def damaged(name: str, how: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(model: Path) -> None:
        (model / name).write_bytes(how((model / name).read_bytes()))

    return damage


def empty(model: Path) -> None:
    for file in model.iterdir():
        file.unlink()


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "weights cut": (damaged("model.safetensors", lambda data: data[:-9]), "model.safetensors is"),
    "config changed": (damaged("config.json", lambda data: data + b" "), "config.json is not"),
    "weights missing": (lambda model: (model / "model.safetensors").unlink(), "is missing"),
    "sums missing": (lambda model: (model / "SHA256SUMS").unlink(), "not a complete model"),
    "sums empty": (damaged("SHA256SUMS", lambda data: b""), "does not list"),
    "sums binary": (damaged("SHA256SUMS", lambda data: b"\xff" * 99), "not a complete model"),
    "all missing": (empty, "not a complete model"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damaged_models_are_refused_by_name(
    tiny_model: ModelDirectory, good: Path, tmp_path: Path, what: str
) -> None:
    damage, message = DAMAGE[what]
    model = tmp_path / "model"
    shutil.copytree(tiny_model.path, model)
    damage(model)
    for command in (["score", good, "--model"], ["models", "verify"], ["models", "show"]):
        result = runner.invoke(app, [*map(str, command), str(model)])
        line = refused(result, 9)
        assert line.startswith(f"positivity: {model}: ") and message in line


def test_unknown_model(good: Path) -> None:
    result = runner.invoke(app, ["score", str(good), "--model", HOSTILE])
    assert "no model" in refused(result, 2)
    assert "\x1b" not in result.stderr


def test_a_strange_model_card_is_printed_as_text(tiny_model: ModelDirectory) -> None:
    from positivity.cli.models import _shown

    assert _shown(f"# {HOSTILE}\n  - café", sys.__stdout__ or sys.stdout).startswith("# [31m[red]x")


@POSIX
def test_hostile_names_print_as_text(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    path = tmp_path / f"{HOSTILE.replace('/', ':')}.csv"
    path.write_text(f'text,author\n"love {HOSTILE}","{HOSTILE}"\n', encoding="utf-8")
    wrong = tmp_path / "columns.csv"
    wrong.write_text(f"{HOSTILE},b\n" + "1,2\n" * 99, encoding="utf-8")
    results = [
        run(tiny_model, path),
        run(tiny_model, path, path, "--by", "file"),
        run(tiny_model, path, "--by", "author"),
        run(tiny_model, wrong),
        run(tiny_model, f"{path}.missing"),
    ]
    for result in results:
        assert "[red]x[" in result.output
        assert not {"\x1b", "\x07"} & set(result.output)


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_file_names_that_are_no_text(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"bad\xff.csv")
    path.write_text(GOOD, encoding="utf-8")
    result = run(tiny_model, path, "--format", "json")
    assert counts(result)["counted"] == 20
    assert json.loads(result.stdout)["reports"][0]["subject"].endswith("bad\ufffd.csv")


# Real processes: signals, pipes, full disks.


def start(model: ModelDirectory, *arguments: object, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "positivity", *map(str, arguments), "--model", str(model.path)]
    pipes: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, **(pipes | options))  # type: ignore[call-overload,no-any-return]


@POSIX
@pytest.mark.parametrize(
    ("suffix", "sent"),
    [("csv", signal.SIGINT), ("parquet", signal.SIGINT), ("csv", signal.SIGTERM)],
)
def test_interrupt_keeps_the_scores_so_far(
    tiny_model: ModelDirectory, tmp_path: Path, suffix: str, sent: signal.Signals
) -> None:
    """The input never ends: what comes after the interrupt is waited for by nobody."""
    scores = tmp_path / f"scores.{suffix}"
    with start(
        tiny_model, "score", "-", "--scores", scores, "--device", "cpu", stdin=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(b"id,text\n")
        # As pipes are short, most has been read when all is written, and the first is scored.
        process.stdin.write(b"".join(b"%d,love it\n" % n for n in range(200_000)))
        process.stdin.flush()
        process.send_signal(sent)
        assert process.wait(30) == 130
        assert process.stdout.read() == b""
        said = f"positivity: interrupted; what was scored is kept in {scores}\n"
        assert process.stderr.read() == said.encode()
    assert [path.name for path in tmp_path.glob("*scores*")] == [scores.name]
    again = counts(run(tiny_model, scores, "--format", "json"))
    assert again["found"] % 8192 == 0 and 24_000 <= again["found"] < 200_000


PRINTING = [["score", "FILE"], ["score", "FILE", "--format", "json"], ["say", "love"]]


def in_place(arguments: list[str], file: Path) -> list[str]:
    return [str(file) if each == "FILE" else each for each in arguments]


@POSIX
@pytest.mark.parametrize("arguments", PRINTING)
def test_a_reader_that_leaves_is_no_error(
    tiny_model: ModelDirectory, good: Path, arguments: list[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start(tiny_model, *in_place(arguments, good), stdout=writing)
    os.close(writing)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")


@POSIX
@pytest.mark.parametrize("words", ["--help", "score --help", "models show --help"])
def test_nor_is_one_that_leaves_the_help(words: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "positivity", *words.split()]
    process = subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")


@NEEDS_FULL
@pytest.mark.parametrize("arguments", PRINTING)
def test_full_disk_behind_stdout(
    tiny_model: ModelDirectory, good: Path, arguments: list[str]
) -> None:
    with FULL.open("wb") as full:
        process = start(tiny_model, *in_place(arguments, good), stdout=full)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert errors == b"positivity: standard output: cannot be written (No space left on device)\n"


@NEEDS_FULL
def test_full_disk_behind_output(tiny_model: ModelDirectory, good: Path) -> None:
    line = refused(run(tiny_model, good, "--output", FULL), 3)
    assert line == "positivity: /dev/full: cannot be written (No space left on device)\n"
    assert FULL.is_char_device()  # and no file has taken its place


@POSIX
def test_full_disk_behind_scores(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    import resource

    path = tmp_path / "tweets.csv"
    path.write_text("text\n" + "love it\n" * 5000, encoding="utf-8")
    process = start(
        tiny_model,
        *("score", path, path, "--scores", tmp_path / "scores.csv"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
    )
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (3, b"")
    assert errors.count(b"\n") == 1 and b"scores.csv: cannot be written (File too large)" in errors
    assert [each.name for each in tmp_path.iterdir()] == ["tweets.csv"]


@POSIX
def test_closed_standard_input(tiny_model: ModelDirectory) -> None:
    for arguments in (["score", "-"], ["say", "-"]):
        process = start(tiny_model, *arguments, preexec_fn=lambda: os.close(0))
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output) == (3, b"")
        assert errors.startswith(b"positivity: standard input: is closed")
