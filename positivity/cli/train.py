"""`positivity train`: a recipe and data -> a model."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.evaluate import (
    Delimiter,
    Encoding,
    LabelColumn,
    NoHeader,
    TextColumn,
    Where,
    labelled_source,
    say_how_read,
)
from positivity.cli.options import Device, TrainDeviceOption
from positivity.errors import InputError, UsageError
from positivity.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from positivity.model.registry import ModelDirectory
    from positivity.training.loop import Record, Step
    from positivity.training.recipe import Recipe, Source, TeacherRecipe

_READING = ("text", None, ",", "utf-8-sig")  # what the options say where they are not given


def train_command(
    recipe: Annotated[Path, typer.Argument(help="A recipe file, or the name of a shipped one.")],
    data: Annotated[
        Path,
        typer.Option(
            help="The folder of the recipe's files (docs/training.md: Files of DATA), or one "
            "labelled file to train on."
        ),
    ],
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run; default runs/NAME. Resumes there.")
    ] = None,
    device: TrainDeviceOption = Device.AUTO,
    text_column: TextColumn = "text",
    label_column: LabelColumn = None,
    delimiter: Delimiter = ",",
    encoding: Encoding = "utf-8-sig",
    no_header: NoHeader = False,
    where: Where = None,
) -> None:
    """Train a model; stopped, it goes on where it was when called again.

    Example: positivity train base --data training.1600000.processed.noemoticon.csv
    """
    from positivity.training.recipe import TeacherRecipe, read_recipe
    from positivity.training.recipe_files import card_of

    path = recipe_path(recipe)
    wanted = read_recipe(path)
    if not data.exists():
        raise InputError(f"{data}: no such file or folder; docs/training.md says where data is")
    folder = run or Path("runs") / wanted.name
    options = (text_column, label_column, delimiter, encoding)
    if not data.is_file() and (options != _READING or no_header or where):
        raise UsageError(
            f"{data}: is a folder, whose files {wanted.name} knows how to read; the options of "
            "Reading are for one file"
        )
    if isinstance(wanted, TeacherRecipe):
        if data.is_file():
            raise InputError(
                f"{data}: is one file, but a teacher learns from several; give their folder"
            )
        _refuse_without_files(wanted, data, folder)
        typer.echo(f"saved {train_teacher(wanted, data, folder, device=device)}")
        return
    card = card_of(path)
    if data.is_file():
        source = labelled_source(data, *options, no_header, where or [])
        wanted = on_one_file(wanted, source)
        card = _card_on_one_file(wanted, data)
        _say_how_read(data, wanted.train[0])
        data = data.parent
    _refuse_without_files(wanted, data, folder)
    if wanted.floor is not None:
        card = train_floor(wanted, data, folder, card=card)
        typer.echo(f"saved {folder / 'model'}")
        typer.echo(f"\n{card}", nl=False)
        return
    directory = train(
        wanted,
        data,
        folder,
        device=device,
        card=card,
    )
    typer.echo(f"saved {directory.path}")
    typer.echo(f"try: {_first_use(directory)}")


def _refuse_without_files(recipe: "Recipe | TeacherRecipe", data: Path, run: Path) -> None:
    """Complains, before the folder of the run is made, of files that are not there."""
    from positivity.training.labelled import Data
    from positivity.training.recipe import Recipe
    from positivity.training.recipe_sources import missing_files

    missing = missing_files(recipe, data)
    if missing:
        raise InputError(
            f"{data}: has no {', '.join(missing)}, which {recipe.name} needs; docs/training.md "
            "says what is in them"
        )
    if isinstance(recipe, Recipe) and recipe.embeddings:
        Data(data, run.parent).vectors(recipe.embeddings)


def _first_use(directory: "ModelDirectory") -> str:
    """The command that shows what a new model can do."""
    if directory.config.kind == "language_model":
        return f'positivity generate --model {directory.path} --prompt "I love"'
    if directory.config.kind == "tagger":
        return f"positivity explain --sample --method spans --tagger {directory.path}"
    return f'positivity say --model {directory.path} "what a day"'


def recipe_path(recipe: Path) -> Path:
    """The file itself, or the shipped recipe of that name, whatever folder has that name, too."""
    if recipe.is_file():
        return recipe
    from positivity.model.registry import shipped

    named = shipped() / "recipes" / f"{recipe.name}.toml"
    if not named.exists():
        there = ", ".join(sorted(path.stem for path in named.parent.glob("*.toml")))
        raise InputError(f"{recipe}: no such recipe; there are {there}, or give a file")
    return named


def on_one_file(recipe: "Recipe", source: "Source") -> "Recipe":
    """A recipe with its data replaced by one labelled file, a tenth of it to develop on.

    Raises:
        InputError: it marks words, which a label for each tweet does not teach.
    """
    from positivity.model.registry import names

    if recipe.network.get("kind") == "tagger":
        raise InputError(
            f"{recipe.name} learns which words people marked, and is not trained on one file of "
            "labels; give the folder of its files (docs/training.md: Files of DATA)"
        )
    if recipe.network.get("kind") != "language_model":  # which learns from texts alone
        source = replace(source, label=source.label or "label")
    return replace(
        recipe,
        # It is another model than the one of this name that is at hand.
        version="1" if recipe.name in names() else recipe.version,
        train=(source,),
        dev=(),
        held_back=(),
        eval=(),
        graded=(),
        reference="",
        # Those of a model that is at hand stay; a teacher would have to be trained on other data.
        initial_vectors=recipe.initial_vectors if recipe.initial_vectors in names() else "",
        emoji=None,
        pretraining=None,
        # Chain-thaw is for what was pre-trained, the last network for what a teacher has labelled.
        training=replace(recipe.training, chain_thaw=0, keep_last=False),
        tokenizer=replace(recipe.tokenizer, corpus=()),
    )


def _say_how_read(file: Path, source: "Source") -> None:
    from positivity.training.labelled import read_labelled

    if source.label is not None:  # a language model needs none
        say_how_read(file, read_labelled(file, source))


def _card_on_one_file(recipe: "Recipe", file: Path) -> str:
    """The model card of what a recipe makes of one file; that of the recipe tells of other data."""
    learnt = "a floor" if recipe.floor is not None else "the network and the optimization"
    vectors = recipe.initial_vectors
    words = f" Words began with the vectors of `{vectors}`." if vectors else ""
    return (
        "# Model card: `{name}`\n\n"
        f"Trained on one file, `{file.name}`. The recipe `{recipe.name}` gave {learnt}, and "
        f"nothing else of what it names: no teacher, no other tweets.{words} A tenth of the file, "
        "drawn by the seed, was kept from training, to develop on.\n\n"
        "## Measured\n\n{figures}\n"
    )


def train(
    recipe: "Recipe",
    data: Path,
    folder: Path,
    *,
    device: str,
    card: str = "",
    at_most: float = float("inf"),
) -> "ModelDirectory":
    """Trains a recipe, with its progress on stderr; returns the saved model.

    Raises:
        TooLong: it would take more seconds than `at_most`; its checkpoint is kept.
    """
    from positivity.training.lab.pace import within
    from positivity.training.labelled import Data
    from positivity.training.run import Run
    from positivity.training.run_folder import PRETRAINING, alone_in

    with alone_in(folder):
        run = Run(recipe, Data(data, folder.parent), folder, device=device, say=say)
        try:
            _show(within(run.train(), at_most), run.trainer.steps, run.task.measure)
        except KeyboardInterrupt:
            say(f"stopped; {_where_it_goes_on(run.checkpoint, run.folder / PRETRAINING)}")
            raise
        return run.finish(card=card)


def _where_it_goes_on(*checkpoints: Path) -> str:
    for checkpoint in checkpoints:
        if checkpoint.exists():
            return f"the same command goes on from {checkpoint}"
    return "it was too early to keep anything, so the same command begins again"


def train_floor(recipe: "Recipe", data: Path, folder: Path, *, card: str = "") -> str:
    """Fits a floor and measures it; returns the card with its figures."""
    from positivity.model.registry import CARD
    from positivity.training.floors import FloorRun
    from positivity.training.labelled import Data
    from positivity.training.run_folder import alone_in

    with alone_in(folder):
        model = FloorRun(recipe, Data(data, folder.parent), folder, say=say).finish(card=card)
    return (model / CARD).read_text(encoding="utf-8")


def train_teacher(recipe: "TeacherRecipe", data: Path, folder: Path, *, device: str) -> Path:
    """Trains a teacher and has it label; returns the file of its labels."""
    from positivity.training.labelled import Data
    from positivity.training.run_folder import alone_in
    from positivity.training.teacher import TeacherRun

    with alone_in(folder):
        run = TeacherRun(recipe, Data(data, folder.parent), folder, device=device)
        try:
            _show(run.train(), run.steps, "macro recall")
            for done, total in run.label():
                say(f"labelled {done:,} of {total:,} tweets")
            say(f"macro recall: {run.figures()}")
        except KeyboardInterrupt:
            say(f"stopped; {_where_it_goes_on(run.checkpoint)}")
            raise
        return run.labels


def _show(training: "Iterator[Step | Record]", steps: int, measure: str) -> None:
    """Trains, with a bar on a terminal and a line for each look at the development sets."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from positivity.training.loop import Record

    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("loss {task.fields[loss]:.3f}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=steps, loss=float("nan"))
        for each in training:
            progress.update(task, completed=each.step, total=each.steps, loss=each.loss)
            if isinstance(each, Record):
                console.print(_line(each, measure), soft_wrap=True)


def _line(record: "Record", measure: str) -> str:
    recalls = "  ".join(f"{name} {recall:.3f}" for name, recall in record.recalls.items())
    mark = "  best" if record.best else ""
    return (
        f"step {record.step:,}/{record.steps:,}  loss {record.loss:.3f}  "
        f"{measure} {record.recall:.3f} ({recalls}){mark}"
    )
