"""Where outputs go: never over what is read, nor over each other."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.model.registry import ModelDirectory
from positivity.report.output import refuse_clashes

CSV = "author,text,label\n@al,love love great,positive\n@bo,hate awful,negative\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two files of tweets, a folder of one, and links to the first."""
    place = tmp_path / "work"
    (place / "many").mkdir(parents=True)
    for name in ("x.csv", "y.csv", "many/z.csv", "x.md"):
        (place / name).write_text(CSV, encoding="utf-8")
    (place / "soft.csv").symlink_to("x.csv")
    os.link(place / "x.csv", place / "hard.csv")
    with zipfile.ZipFile(place / "x.zip", "w") as archive:
        archive.write(place / "x.csv", "x.csv")
    for name in ("x.png", "x.svg"):
        (place / name).write_text(CSV, encoding="utf-8")
    monkeypatch.chdir(place)
    return place


def files(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def positivity(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def model_of(command: str, model: ModelDirectory) -> list[object]:
    return [] if command in ("explore", "lab") else ["--model", model.path]


CLASHES = [
    "score x.csv --scores x.csv",
    "score x.csv --rejects x.csv",
    "score x.csv -o x.csv",
    "score y.csv x.csv -o ./many/../x.csv",
    "score x.csv -o soft.csv",
    "score soft.csv --scores x.csv",
    "score x.csv --rejects hard.csv",
    "score x.zip -o x.zip",
    "score x.svg --plot x.svg",
    "score many -o many/z.csv",
    "score many/ --scores many/",
    "score many --scores many/scores/",
    "score y.csv -o same.csv --scores same.csv",
    "score y.csv -o same.csv --rejects same.csv",
    "score y.csv -o same.svg --plot ./same.svg",
    "score y.csv --scores same.svg --plot ./same.svg",
    "explain x.csv -o x.csv",
    "explain y.csv many -o many/z.csv",
    "compare x.csv y.csv -o x.csv",
    "compare x.csv y.csv -o y.csv",
    "explore x.csv -o x.csv",
    "explore x.png --plot x.png",
    "explore x.csv -o same.png --plot same.png",
    "evaluate x.csv -o x.csv",
    "evaluate x.csv -o soft.csv",
    "inspect love -o same.png --plot same.png",
    "report -o same.png --plot same.png",
    "check @al -o same.png --plot same.png",
    "check @al -o same.txt --log-file same.txt",
    "lab -o new.json -o ./new.json",
    "lab -o x.md -o ./x.md",
]


@pytest.mark.parametrize("command", CLASHES)
def test_nothing_is_written_over_what_is_read_or_written(
    tiny_model: ModelDirectory, folder: Path, command: str
) -> None:
    before = files(folder)
    words = command.split()
    result = positivity(*words, *model_of(words[0], tiny_model))
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert any(each in line for each in ("is what is read", "files are read", "the same file"))
    assert files(folder) == before


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The home with this program's own files, in it all that a user would miss."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("store.db", "store.db-wal", "token", "config.toml"):
        (home / name).write_text("max_posts = 400\n", encoding="utf-8")
    (home.parent / "link.json").symlink_to(home / "store.db")
    return home


OVER_OWN = [
    "report -o {home}/store.db --format json",
    "report --plot {home}/store.db",
    "report -o {home}/../link.json",
    "check @al -o {home}/store.db-wal --format json",
    "check @al --log-file {home}/token",
    "score x.csv -o {home}/config.toml --format json",
    "score x.csv --scores {home}/store.db",
    "score x.csv --rejects {home}/token",
    "explain x.csv -o {home}/store.db --format json",
    "explain @al -o {home}/store.db --format json",
    "compare x.csv y.csv -o {home}/token",
    "evaluate x.csv -o {home}/token",
    "explore x.csv -o {home}/token",
    "inspect love -o {home}/token",
    "usage -o {home}/store.db --format json",
    "models export small {home}/store.db",
    "lab -o {home}/token",
]


@pytest.mark.parametrize("command", OVER_OWN)
def test_nothing_is_written_over_the_program_s_own_files(
    folder: Path, own: Path, command: str
) -> None:
    before = files(folder.parent)
    result = positivity(*command.format(home=own).split())
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    whose = "the store", "the file of the token", "the config file"
    assert any(f"is {each} of positivity" in line for each in whose)
    assert files(folder.parent) == before


def test_no_store_is_there_yet_whose_place_is_taken(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "home").mkdir()
    place = tmp_path / "home" / "store.db"
    result = positivity("score", "x.csv", "-o", place, "--format", "json")
    assert (result.exit_code, place.exists()) == (2, False)


def test_a_lab_s_data_stays(folder: Path) -> None:
    (folder / "many" / "r.json").write_text("[]", encoding="utf-8")
    before = files(folder)
    result = positivity("lab", "elman", "--data", "many", "-o", "many/r.json")
    assert (result.exit_code, files(folder)) == (2, before)
    assert "is in many, whose files are read" in result.stderr


def test_a_model_is_not_packed_over_itself(tiny_model: ModelDirectory) -> None:
    card = tiny_model.path / "config.json"
    before = files(tiny_model.path)
    result = positivity("models", "export", tiny_model.path, card)
    assert (result.exit_code, files(tiny_model.path)) == (2, before)
    assert "is what is read" in result.stderr


def test_word_vectors_are_not_written_over_their_tweets(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from positivity.training.word_vectors import main

    before = files(folder)
    assert main(["x.csv", "--output", "x.csv"]) == 2
    assert "is what is read" in capsys.readouterr().err
    assert files(folder) == before


JOBS = [
    ('files = ["x.csv"]', '[[output]]\npath = "x.csv"', "is what is read"),
    ('files = ["*.csv"]', '[[output]]\npath = "soft.csv"', "is what is read"),
    ('files = ["x.csv"]', '[[output]]\npath = "job.toml"\nformat = "csv"', "is what is read"),
    ('files = ["x.csv"]\nlog_file = "x.csv"', "", "is what is read"),
    ('files = ["x.csv"]\nlog_file = "a.txt"', '[[output]]\npath = "a.txt"', "the same file"),
    ('files = ["*.csv"]', '[[output]]\npath = "new.csv"\nformat = "csv"', "next run would read"),
    ('files = ["many"]', '[[output]]\npath = "many/new.csv"', "files are read"),
    ('accounts = ["al"]\nfiles = ["al.json"]', '[[output]]\npath = "./"', "is what is read"),
    ('files = ["x.csv"]', '[[output]]\npath = "../home/store.db"\nformat = "csv"', "is the store"),
    ('files = ["x.csv"]\nlog_file = "../home/token"', "", "is the file of the token"),
    ('files = ["x.csv"]\nlog_file = "logs/"', "", "log_file is a folder; name a file in it"),
    (
        'files = ["x.csv"]',
        '[[output]]\npath = "a/"\nformat = "csv"\n[[output]]\npath = "a/"\nformat = "csv"',
        "the same file",
    ),
]


@pytest.mark.parametrize(("inputs", "outputs", "said"), JOBS)
def test_a_job_does_not_write_over_what_it_reads(
    folder: Path, inputs: str, outputs: str, said: str
) -> None:
    (folder / "al.json").write_text('[{"text": "love"}]', encoding="utf-8")
    (folder / "job.toml").write_text(f"{inputs}\n{outputs}\n", encoding="utf-8")
    before = files(folder)
    for command in (["run"], ["schedule", "--cron", "--", "run"]):  # at once, not at night
        result = positivity(*command, "job.toml")
        assert (result.exit_code, result.stdout) == (2, "")
        (line,) = result.stderr.splitlines()
        assert f"{folder / 'job.toml'}: " in line
        assert said in line
        assert files(folder) == before


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    "command",
    [
        "score x.csv -o new/",
        "score x.csv --by author -o new/",
        "score x.csv --rejects new/",
        "explain x.csv -o new/",
        "compare x.csv y.csv -o new/",
        "evaluate x.csv -o new/",
        "explore x.csv -o new/",
        "inspect love -o new/",
        "usage -o new/",
        "check @al --log-file new/",
    ],
)
def test_a_name_that_ends_in_a_slash_is_that_of_no_file(
    tiny_model: ModelDirectory, folder: Path, command: str, there: bool
) -> None:
    if there:
        (folder / "new").mkdir()
    words = command.split()
    model = [] if words[0] == "usage" else model_of(words[0], tiny_model)
    result = positivity(*words, *model)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "positivity: new/: is a folder; name a file in it\n"
    assert (folder / "new").exists() == there


def test_what_does_not_clash(tiny_model: ModelDirectory, folder: Path) -> None:
    (folder / "many" / "old.html").write_text("no tweets", encoding="utf-8")
    options = ["-o", "many/old.html", "--scores", "many/s.csv", "--format", "json", "--quiet"]
    result = positivity("score", "many", *options, *model_of("score", tiny_model))
    assert (result.exit_code, result.output) == (0, "")
    assert json.loads((folder / "many" / "old.html").read_text(encoding="utf-8"))["reports"]
    assert (folder / "many" / "z.csv").read_text(encoding="utf-8") == CSV


def test_devices_standard_streams_and_addresses() -> None:
    refuse_clashes([("-o", "/dev/null"), ("--plot", "/dev/null")], ["/dev/null"])
    refuse_clashes([("-o", None), ("--scores", None)], ["-"])
    refuse_clashes([("-o", "-"), ("--scores", "s3://a/b/")], ["-", "s3://a/c.csv", "x" * 5000])
    with pytest.raises(Exception, match="is what is read"):
        refuse_clashes([("--scores", "s3://a/b.csv")], ["s3://a/b.csv"])


# What a name says


def kind(text: str) -> str:
    """What a document is, from how it begins."""
    begin = text.lstrip()
    if begin.startswith("<!doctype html"):
        return "html"
    if begin.startswith(("{", "[")):
        json.loads(text)
        return "json"
    if begin.startswith(("#", "**")):
        return "markdown"
    return "csv" if begin.startswith(("subject,", "rank_best,")) else "text"


NAMES = [
    *(("score x.csv", name) for name in ("r.html", "r.HTM", "r.json", "r.md", "r.csv")),
    *(("score x.csv", name) for name in ("r", "r.txt", "r.2026-11", "r.of.x")),
    *(("compare x.csv y.csv", name) for name in ("r.html", "r.json", "r.md", "r.csv", "r.txt")),
    *(("explain x.csv", name) for name in ("r.html", "r.json", "r.markdown", "r.txt")),
    *(("explore x.csv", name) for name in ("r.html", "r.json", "r.txt")),
    *(("evaluate x.csv", name) for name in ("r.json", "r.txt")),
    *(("inspect love", name) for name in ("r.json", "r.txt")),
    *(("usage", name) for name in ("r.json", "r.txt")),
]
KINDS = {
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".csv": "csv",
    ".md": "markdown",
    ".markdown": "markdown",
}


@pytest.mark.parametrize(("command", "name"), NAMES)
def test_the_name_of_the_output_says_what_is_written(
    tiny_model: ModelDirectory, command: str, name: str
) -> None:
    words = command.split()
    model = [] if words[0] == "usage" else model_of(words[0], tiny_model)
    result = positivity(*words, "-o", name, *model)
    assert (result.exit_code, result.stdout) == (0, "")
    expected = KINDS.get(Path(name).suffix.lower(), "text")
    assert kind(Path(name).read_text(encoding="utf-8")) == expected


def test_an_explicit_format_wins(tiny_model: ModelDirectory) -> None:
    for name in ("r.html", "r.pdf"):
        options = ["-o", name, "--format", "markdown"]
        assert positivity("score", "x.csv", *options, "--model", tiny_model.path).exit_code == 0
        assert kind(Path(name).read_text(encoding="utf-8")) == "markdown"


def test_rows_of_weeks_need_no_format_but_the_name(tiny_model: ModelDirectory) -> None:
    result = positivity(
        *("score", "--sample", "--by", "week", "-o", "w.csv", "--model", tiny_model.path)
    )
    assert result.exit_code == 0
    assert Path("w.csv").read_text(encoding="utf-8").startswith("subject,author,week,")


@pytest.mark.parametrize(
    ("command", "endings"),
    [
        ("score x.csv -o r.pdf", ".txt, .json, .html, .md, .csv"),
        ("score x.csv -o r.csv.gz", ".txt, .json, .html, .md, .csv"),
        ("check @al -o r.xlsx", ".txt, .json, .html, .md, .csv"),
        ("report -o r.docx", ".txt, .json, .html, .md, .csv"),
        ("compare x.csv y.csv -o r.parquet", ".txt, .json, .html, .md, .csv"),
        ("explain x.csv -o r.csv", ".txt, .json, .html, .md"),
        ("explore x.csv -o r.md", ".txt, .json, .html"),
        ("evaluate x.csv -o r.html", ".txt, .json"),
        ("inspect love -o r.html", ".txt, .json"),
        ("usage -o r.csv", ".txt, .json"),
    ],
)
def test_a_name_that_promises_what_there_is_not(folder: Path, command: str, endings: str) -> None:
    before = files(folder)
    result = positivity(*command.split())
    assert (result.exit_code, result.stdout, files(folder)) == (2, "", before)
    (line,) = result.stderr.splitlines()
    assert f"end the name in {endings}, or name the format too" in line


@pytest.mark.parametrize(
    ("output", "written", "expected"),
    [
        ('path = "r.html"', "r.html", "html"),
        ('path = "r.md"', "r.md", "markdown"),
        ('path = "r.txt"', "r.txt", "text"),
        ('path = "r"', "r", "json"),
        ('path = "r/"', "r/x.csv.json", "json"),
        ('path = "r.html"\nformat = "csv"', "r.html", "csv"),
    ],
)
def test_the_name_of_an_output_in_a_job_s_file(
    tiny_model: ModelDirectory, output: str, written: str, expected: str
) -> None:
    job = f'files = ["x.csv"]\nmodel = "{tiny_model.path}"\n[[output]]\n{output}\n'
    Path("job.toml").write_text(job, encoding="utf-8")
    assert positivity("run", "job.toml").exit_code == 0
    assert kind(Path(written).read_text(encoding="utf-8")) == expected


def test_a_job_s_output_that_there_is_not(folder: Path) -> None:
    text = 'files = ["x.csv"]\n[[output]]\npath = "r.pdf"\n'
    (folder / "job.toml").write_text(text, encoding="utf-8")
    result = positivity("run", "job.toml")
    assert result.exit_code == 2
    assert "job.toml: [[output]]: path " in result.stderr
    assert "r.pdf: is not what is written here" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "encoding"),
    [
        (("--format", "markdown"), "utf-8"),
        (("--format", "html"), "utf-8"),
        (("--format", "csv", "--by", "author"), "utf-8"),
        (("--format", "json"), "utf-8"),
        ((), "cp1252"),
        (("--list-inputs",), "cp1252"),
    ],
)
def test_documents_on_stdout_are_utf8_wherever_it_leads(
    tiny_model: ModelDirectory, arguments: tuple[str, ...], encoding: str
) -> None:
    """As into a file on Windows, whose programs are given the code page of the country."""
    Path("x.csv").write_text("author,text\n李,love love great ▲\né,hate awful\n", encoding="utf-8")
    given = () if "--list-inputs" in arguments else ("x.csv", "--model", str(tiny_model.path))
    done = subprocess.run(
        [sys.executable, "-m", "positivity", "score", *given, *arguments],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    if "--by" in arguments:
        assert "李" in text and "é" in text


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no such device")
def test_an_output_may_be_a_pipe_by_its_name(tiny_model: ModelDirectory) -> None:
    command = [sys.executable, "-m", "positivity", "score", "x.csv", "--model"]
    options = [str(tiny_model.path), "--quiet", "--format", "json", "-o", "/dev/stdout"]
    done = subprocess.run([*command, *options], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["reports"]


@pytest.mark.parametrize("option", ["--output", "--rejects", "--plot", "--scores"])
def test_a_dash_is_no_file(folder: Path, tiny_model: ModelDirectory, option: str) -> None:
    result = positivity("score", "x.csv", "--model", tiny_model.path, option, "-")
    assert result.exit_code == 2
    assert not (folder / "-").exists()
