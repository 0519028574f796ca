"""Pictures of the months in files of their own."""

import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positivity.cli import app
from positivity.errors import InputError, UsageError
from positivity.model.registry import ModelDirectory
from positivity.report.plot import MOST_PANELS, check_plot, write_plot
from tests.standin import TOKEN, Standin
from tests.test_html import HOSTILE, month, report

runner = CliRunner()
MONTHS = tuple(month(number) for number in (24310, 24311, 24315, 24316))


def size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def test_a_png_grows_with_the_accounts(tmp_path: Path) -> None:
    one, three = tmp_path / "one.png", tmp_path / "three.PNG"
    assert write_plot([report(months=MONTHS)], one) is None
    assert write_plot([report(months=MONTHS)] * 3, three) is None
    assert size(one)[0] == size(three)[0] > 1000
    assert size(three)[1] == pytest.approx(3 * size(one)[1], abs=3)


def test_an_svg_says_whose_months_they_are(tmp_path: Path) -> None:
    path = tmp_path / "months.svg"
    assert write_plot([report(months=MONTHS, subject="$a$ <b> & _c_")], path) is None
    root = ElementTree.parse(path).getroot()
    texts = [element.text for element in root.iter() if element.tag.endswith("}text")]
    assert "$a$ <b> & _c_: mainly positive" in texts
    assert "net positivity" in texts


def test_the_same_report_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg", "a.png", "b.png"):
        write_plot([report(months=MONTHS)], tmp_path / name)
    for kind in ("svg", "png"):
        first, second = (tmp_path / f"{name}.{kind}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_names_of_any_kind_can_be_drawn(tmp_path: Path) -> None:
    path = tmp_path / "months.svg"
    for subject in (HOSTILE, "日本語 😀", "x" * 500, "", "a$b^c_d\\frac{"):
        assert write_plot([report(months=MONTHS, subject=subject)], path) is None
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "\x1b" not in text
        ElementTree.fromstring(text)
        assert write_plot([report(months=MONTHS, subject=subject)], tmp_path / "m.png") is None


def test_what_is_not_drawn_is_said(tmp_path: Path) -> None:
    path = tmp_path / "months.png"
    said = write_plot([report(months=())], path)
    assert said is not None
    assert "no tweet has a date" in said
    assert not path.exists()
    said = write_plot([report(months=MONTHS[:1])] * (MOST_PANELS + 3), path)
    assert said is not None
    assert f"the first {MOST_PANELS} of {MOST_PANELS + 3}" in said
    assert path.exists()


def test_names_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for name in ("months.pdf", "months", "months.svg.gz"):
        with pytest.raises(UsageError, match=r"\.png or \.svg"):
            check_plot(tmp_path / name)
    with pytest.raises(InputError, match="no such folder"):
        check_plot(tmp_path / "nowhere" / "months.svg")
    check_plot(tmp_path / "months.svg")


def test_score_draws_beside_its_report(tmp_path: Path, tiny_model: ModelDirectory) -> None:
    path = tmp_path / "months.svg"
    options = ["score", "--sample", "--model", str(tiny_model.path)]
    plain = runner.invoke(app, [*options, "--format", "json"])
    drawn = runner.invoke(app, [*options, "--format", "json", "--plot", str(path)])
    assert (drawn.exit_code, drawn.stdout) == (0, plain.stdout)
    ElementTree.parse(path)
    by_author = [*options, "--by", "author", "--plot", str(tmp_path / "authors.png")]
    assert runner.invoke(app, by_author).exit_code == 0
    assert size(tmp_path / "authors.png")[0] > 1000


@pytest.mark.parametrize("command", [["score", "--sample"], ["check", "@a"], ["report", "@a"]])
def test_a_picture_of_no_known_kind_is_refused_at_once(command: list[str]) -> None:
    result = runner.invoke(app, [*command, "--plot", "months.gif"])
    assert result.exit_code == 2
    assert "--plot months.gif" in result.stderr


@pytest.mark.parametrize("past", ["--history", "--since-last"])
def test_the_past_is_not_drawn(past: str) -> None:
    result = runner.invoke(app, ["report", "@a", past, "--plot", "months.svg"])
    assert result.exit_code == 2
    assert "--plot draws the report as it is" in result.stderr


def test_check_and_report_draw(
    standin: Standin, tiny_model: ModelDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.world.generate("alice", 60, seed=1)
    monkeypatch.setenv("POSITIVITY_API_URL", standin.url)
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    for command in ("check", "report"):
        path = tmp_path / f"{command}.png"
        options = [command, "@alice", "--model", str(tiny_model.path), "--plot", str(path)]
        result = runner.invoke(app, options)
        assert result.exit_code == 0, result.output
        assert size(path)[0] > 1000


def test_nothing_is_drawn_that_is_not_asked_for(tiny_model: ModelDirectory) -> None:
    script = (
        "import sys; from positivity.cli import app\n"
        f"sys.argv = ['positivity', 'score', '--sample', '--model', {str(tiny_model.path)!r}]\n"
        "try: app()\nexcept SystemExit: pass\n"
        "print('matplotlib' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "False"
