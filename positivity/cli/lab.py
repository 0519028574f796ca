"""`positivity lab`: every classic of the field, trained on the same tweets, in one table."""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.options import (
    OUTPUT,
    Device,
    Format,
    FormatOption,
    TrainDeviceOption,
    file_to_write,
)
from positivity.cli.train import recipe_path, train, train_floor
from positivity.errors import PARTLY_DONE, InputError, PositivityError, UsageError
from positivity.messages import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from positivity.training.lab.notebook import Notebook
    from positivity.training.lab.plan import Entry, LabRun
    from positivity.training.lab.results import Row
    from positivity.training.lab.table import Part

_PICTURES = (".png", ".svg")
_MOST_NAMES = 5


def lab_command(
    recipes: Annotated[
        list[Path] | None,
        typer.Argument(help="Recipe files, or names of shipped ones; all of the lab's if none."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="The folder of the recipes' files, most only need labelled.parquet in it "
            "(docs/training.md: Files of DATA). Without it nothing is trained."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Train each recipe so many times.")] = 1,
    runs: Annotated[Path, typer.Option(help="Folder of the runs; what is done is kept.")] = Path(
        "runs"
    ),
    device: TrainDeviceOption = Device.AUTO,
    format: FormatOption = Format.TERMINAL,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            parser=file_to_write,
            metavar="PATH",
            help="Also write the table: into the <!-- lab --> block of an .md file, or as .json.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            parser=file_to_write,
            metavar="PATH",
            help="Also draw the curves of training: .png or .svg.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
) -> None:
    """Train the classics of the field side by side, and compare them in one table.

    What is trained already is not trained again; without --data the table is written from that.

    Example: positivity lab --data DATA --seeds 3 --output docs/lab.md --plot docs/lab.png
    """
    documents = output or []
    entries = _entries(recipes or [], runs, seeds)
    _refuse_clashes(documents, plot, [*(each.path for each in entries), *([data] if data else [])])
    _check(documents, plot)
    failed = False
    if data is not None:
        if not data.is_dir():
            if data.exists():
                raise InputError(f"{data}: is a file; give the folder that it is in")
            raise InputError(f"{data}: no such folder; docs/training.md says where data is")
        failed = train_all(entries, data, runs, device=device, patient=bool(recipes))
        measure_speed(entries, data, runs)
    rows, notebook = table(entries, runs)
    if all(row.absent for row in rows):
        cures = _cures(entries) if data is None else []  # what could not be trained was said
        absent = f"{runs}: holds no finished run of {_several([each.name for each in entries])}"
        raise InputError("; ".join([absent, *cures]))
    picture = plot if plot is not None and _draw(entries, rows, plot) else None
    for document in documents:
        _write(document, rows, notebook, picture)
    _print(rows, notebook, format)
    if failed:
        raise typer.Exit(PARTLY_DONE)


def _cures(entries: "Sequence[Entry]") -> list[str]:
    """What helps where no run is finished."""
    others = [run.folder for entry in entries for run in entry.runs if run.is_of_another()]
    taken = [_taken(_several([str(folder) for folder in others]))] if others else []
    free = any(not run.is_of_another() for entry in entries for run in entry.runs)
    return [*taken, *(["train with --data FOLDER"] if free else [])]


def _taken(folder: str) -> str:
    """What is said of a folder that has the run of another recipe."""
    from positivity.training.lab.results import ANOTHERS

    return f"{folder}: {ANOTHERS}; remove the folder or name another with --runs"


def train_all(
    entries: "Sequence[Entry]", data: Path, runs: Path, *, device: str, patient: bool
) -> bool:
    """Trains what is not finished; True where something failed, which was said.

    What needs files that are not at hand is left out, and the notebook of the runs says so; so is
    what would take more than an evening, unless one is `patient`.
    """
    from positivity.store import InUse
    from positivity.training.lab.notebook import notebook_to_go_on
    from positivity.training.lab.pace import EVENING, TooLong
    from positivity.training.labelled import Data
    from positivity.training.recipe_sources import missing
    from positivity.training.run_folder import changed_since, make_folder

    make_folder(runs, "--runs")
    failed = False
    at_most = float("inf") if patient else EVENING
    for number, entry in enumerate(entries, start=1):
        why = None
        for run in entry.runs:
            if run.is_finished():
                changed = changed_since(run.folder, run.recipe, Data(data, runs))
                if changed:
                    say(
                        f"{run.folder}: {_several(changed)} changed since it was trained; remove "
                        "the folder to train it again"
                    )
                continue
            if run.is_of_another():
                say(_taken(str(run.folder)))
                failed = True
                break
            lacking = missing(run.recipe, Data(data, runs))
            if lacking:
                why = f"needs {_several(lacking)}, not at hand"
                say(f"{entry.name}: {why}; docs/training.md says what is in such files")
                break
            say(f"{number} of {len(entries)}: {entry.name}, seed {run.recipe.seed}")
            try:
                _train(entry, run, data, device, at_most)
            except TooLong as error:
                say(f"{entry.name}: {error}; name it to train it all the same")
                why = f"more than an evening, about {error.seconds / 3600:.0f} hours"
                break
            except InUse as error:
                say(f"{entry.name}: {error}")
                failed = True
                break
            except PositivityError as error:
                say(f"{entry.name}: {error}")
                why, failed = "its training failed", True
                break
        notebook_to_go_on(runs).with_absent({entry.name: why}).write(runs)
    return failed


def _train(entry: "Entry", run: "LabRun", data: Path, device: str, at_most: float) -> None:
    from positivity.training.recipe_files import card_of

    card = card_of(entry.path)
    if run.recipe.floor is not None:
        train_floor(run.recipe, data, run.folder, card=card)
    else:
        train(run.recipe, data, run.folder, device=device, card=card, at_most=at_most)


def measure_speed(entries: "Sequence[Entry]", data: Path, runs: Path) -> None:
    """Measures how fast the finished models of the recipes score, and keeps it with the runs."""
    from positivity.training.lab.classifiers import (
        classifiers_of,
        tweets_to_score,
        vader_of,
    )
    from positivity.training.lab.notebook import notebook_to_go_on
    from positivity.training.lab.speed import measure_rates

    texts = tweets_to_score(entries, data, runs)
    classifiers = classifiers_of(entries)
    if not texts or not classifiers:
        return
    say(f"measuring the speed of {_count(len(classifiers), 'model')} on {len(texts):,} tweets")
    rates = measure_rates(classifiers, vader_of(classifiers), texts)
    notebook_to_go_on(runs).with_rates(rates).write(runs)


def table(entries: "Sequence[Entry]", runs: Path) -> "tuple[list[Row], Notebook]":
    """The rows of the table, from the runs that are finished."""
    from positivity.training.lab.notebook import read_notebook
    from positivity.training.lab.results import row_of

    notebook = read_notebook(runs)
    return [row_of(entry, notebook) for entry in entries], notebook


def _check(documents: "Sequence[Path]", plot: Path | None) -> None:
    """Complains, before any work is done, of what could not be written."""
    from positivity.report.output import refuse_folder
    from positivity.training.lab.table import check_document

    for path in documents:
        if path.suffix.lower() not in (".md", ".json"):
            raise UsageError(f"--output {path}: name a file that ends in .md or .json")
        refuse_folder(path)
        if path.suffix.lower() == ".md":
            check_document(path)
    if plot is not None:
        if plot.suffix.lower() not in _PICTURES:
            raise UsageError(f"--plot {plot}: name a file that ends in .png or .svg")
        refuse_folder(plot)


def _refuse_clashes(
    documents: "Sequence[Path]", plot: Path | None, inputs: "Sequence[Path]"
) -> None:
    """Complains of outputs that would take the place of each other, or of what is read."""
    from positivity.report.output import refuse_clashes

    outputs = [("--output", path) for path in documents]
    refuse_clashes([*outputs, ("--plot", plot)], inputs)


def _entries(recipes: "Sequence[Path]", runs: Path, seeds: int) -> "list[Entry]":
    """The recipes that were named, each once; all that ship for the lab if none was."""
    from positivity.model.registry import shipped
    from positivity.training.lab.plan import entry, lab_recipes

    paths = [recipe_path(each) for each in recipes] or lab_recipes(shipped() / "recipes")
    entries = [entry(path, runs, seeds) for path in dict.fromkeys(paths)]
    names = [each.name for each in entries]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise UsageError(
            f"two recipes are named {_several(twice)}: their runs would share a folder"
        )
    return entries


def _draw(entries: "Sequence[Entry]", rows: "Sequence[Row]", plot: Path) -> bool:
    from positivity.training.lab.curves import draw_curves

    drawn = draw_curves(entries, rows, plot)
    if not drawn:
        say(f"{plot}: not drawn, none of these recipes trains a classifier in steps")
    return drawn


def _write(
    document: Path, rows: "Sequence[Row]", notebook: "Notebook", picture: Path | None
) -> None:
    from positivity.files import write_atomically
    from positivity.report.machine import write_json
    from positivity.training.lab.table import notes_of, parts_of, to_dict, to_markdown, write_into

    if document.suffix.lower() == ".md":
        shown = None if picture is None else _relative(picture, document)
        write_into(document, to_markdown(parts_of(rows), notes_of(rows, notebook), shown))
        return
    text = io.StringIO()
    write_json(to_dict(rows, notebook), text)
    with write_atomically(document) as file:
        file.write(text.getvalue().encode())


def _relative(picture: Path, document: Path) -> str:
    """How the document names the picture."""
    return Path(os.path.relpath(picture.resolve(), document.resolve().parent)).as_posix()


def _print(rows: "Sequence[Row]", notebook: "Notebook", format: Format) -> None:
    from positivity.report.machine import write_json
    from positivity.report.output import report_output
    from positivity.report.terminal_page import make_console
    from positivity.training.lab.table import notes_of, parts_of, to_dict

    with report_output(None) as out:
        if format is Format.JSON:
            write_json(to_dict(rows, notebook), out)
            return
        console = make_console(out)
        for part in parts_of(rows):
            _print_part(part, console)
        for note in notes_of(rows, notebook):
            console.print(note, highlight=False, markup=False)


def _print_part(part: "Part", console: "Console") -> None:
    from rich.table import Table

    table = Table(box=None, title=part.title, title_justify="left", title_style="bold")
    for i, name in enumerate(part.header):
        # A name of several words may take several lines.
        table.add_column(name.replace("_", " "), justify="left" if i == 0 else "right")
    for row in part.rows:
        table.add_row(*row)
    console.print(table)
    console.print()


def _several(names: "Sequence[str]") -> str:
    """Some names in words, not too many."""
    shown = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
