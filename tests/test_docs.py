"""The documents say what the program does: commands, options, versions, figures."""

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from positivity import __version__
from positivity.cli import app
from positivity.model import registry
from positivity.training import span_figures
from positivity.training.measure import figures_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = re.compile(
    r"^(?:.*[|&/ ])?positivity ((?:(?:models|auth) )?[a-z]+)([^|\n#]*)", re.MULTILINE
)


def commands() -> dict[str, set[str]]:
    """Every command with its options."""
    found = {}
    group = get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        for sub_name, sub in getattr(command, "commands", {"": command}).items():
            options = {option for each in sub.params for option in each.opts}
            found[f"{name} {sub_name}".strip()] = options
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_name_commands_and_options_that_exist(document: Path) -> None:
    known = commands()
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    shell = [block for language, block in blocks if not language]
    for name, rest in (match for block in shell for match in COMMANDS.findall(block)):
        rest, _, scheduled = rest.partition(" -- ")  # what 'schedule' is to run is a command too
        assert name in known, f"{document.name}: positivity {name}"
        used = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", re.sub(r'"[^"]*"', "", rest)))
        assert used <= known[name], f"{document.name}: positivity {name} {used - known[name]}"
        if scheduled:
            what = scheduled.split()[0]
            used = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", scheduled))
            assert used <= known[what], f"{document.name}: {scheduled} {used - known[what]}"


def test_every_command_stands_in_the_readme_and_has_help_with_an_example() -> None:
    group = get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        assert f"positivity {name}" in README
        for sub in getattr(command, "commands", {"": command}).values():
            assert "Example: positivity" in (sub.help or ""), name
            assert all(getattr(each, "help", "x") for each in sub.params), name


def test_links_in_the_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_exit_codes_in_the_readme_are_the_program_s() -> None:
    from positivity import errors

    codes = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.PositivityError)
    }
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert codes | {0, 8, 10, 130} == listed


def test_the_version_stands_in_the_changelog() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changes, re.MULTILINE)
    assert newest is not None
    assert newest[1] == __version__


@pytest.mark.parametrize("name", sorted(registry.names()))
def test_a_shipped_model_is_whole_small_and_tells_its_figures(name: str) -> None:
    directory = registry.load(name)
    assert directory.size < 24_000_000
    card = (directory.path / registry.CARD).read_text(encoding="utf-8")
    table = span_figures.figures_table if directory.config.kind == "tagger" else figures_table
    assert table(directory.metrics()) in card
    assert {"{name}", "{figures}"} & set(re.findall(r"\{\w+\}", card)) == set()


def test_the_readme_quotes_the_model_s_own_figures() -> None:
    row = re.search(r"^\| positivity `base` \| (.*) \|$", README, re.MULTILINE)
    header = re.search(r"^\| macro recall \| (.*) \|$", README, re.MULTILINE)
    assert row is not None
    assert header is not None
    metrics = registry.load("base").metrics()["eval"]
    for name, figure in zip(header[1].split(" | "), row[1].split(" | "), strict=True):
        # The benchmark scores in the precision of its machine, the model was measured in float32.
        assert float(figure) == pytest.approx(metrics[name]["macro_recall"], abs=0.005)


def test_machine_hours_follow_from_the_measured_speed() -> None:
    speed = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    rows = []
    for name in ("base", "small"):
        measured = re.search(rf"^\| `{name}` \| ([\d,]+) \|", speed, re.MULTILINE)
        assert measured is not None
        on_two = int(measured[1].replace(",", ""))
        hours = 1e9 / (on_two / 2) / 3600
        minutes = f"{60 * hours / 128:.0f} min"
        rows.append(f"| `{name}` | {on_two:,} | {on_two / 2:,.0f} | {hours:.1f} | {minutes} |")
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    table = text.partition("<!-- hours -->\n")[2].partition("<!-- /hours -->")[0].strip()
    expected = "\n".join([*table.splitlines()[:2], *rows])
    assert table == expected, f"write between the comments:\n{expected}"


def test_the_schema_is_valid() -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads((ROOT / "positivity" / "report" / "report.schema.json").read_text())
    Draft202012Validator.check_schema(schema)


def test_the_forms_of_files_are_listed() -> None:
    from positivity.sources.exports import list_inputs

    text = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    table = text.partition("<!-- forms -->\n")[2].partition("<!-- /forms -->")[0].strip()
    rows = [f"| `{key}` | {name} | {what} |" for key, name, what in list_inputs()]
    expected = "\n".join(["| `--as` | form | recognised by |", "|---|---|---|", *rows])
    assert table == expected, f"write between the comments:\n{expected}"
