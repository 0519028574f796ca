"""`positivity models`: what models there are; share one as a single file."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer

from positivity.errors import InputError, StateError
from positivity.messages import say

app = typer.Typer(no_args_is_help=True, help="List, show, verify and share models.")

ModelArgument = Annotated[str, typer.Argument(help="Name or path of a model.")]


@app.command("list")
def list_command() -> None:
    """List the models that can be used, with their size and measured quality.

    Example: positivity models list
    """
    from rich.table import Table
    from rich.text import Text

    from positivity.analysis import model_info
    from positivity.model import registry
    from positivity.report.output import report_output
    from positivity.report.terminal_page import make_console

    names = registry.names()
    if not names:
        _print("no models; `positivity train` makes one, `positivity models import` takes one over")
        return
    table = Table(
        "model", "version", "size", "macro recall on evaluation sets", "description", box=None
    )
    rows = []
    damaged: list[StateError] = []
    for name in names:
        try:
            directory = registry.load(name)
        except StateError as error:  # the others can be used
            damaged.append(error)
            continue
        accuracy = model_info(directory).accuracy
        cells = (
            name,
            directory.config.version,
            f"{directory.size / 1e6:.1f} MB",
            ", ".join(f"{each} {value:.3f}" for each, value in accuracy.items()),
            directory.config.description,
        )
        rows.append(cells)
    with report_output(None) as out:
        for cells in rows:
            table.add_row(*(Text(_shown(cell, out)) for cell in cells))
        make_console(out).print(table)
    _complain(damaged)


@app.command("show")
def show_command(model: ModelArgument = "base") -> None:
    """Show a model's card: what it was trained on, what it is worth, what it is not for.

    Example: positivity models show base
    """
    from positivity.model import registry

    directory = registry.load(model)
    card = directory.path / registry.CARD
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    _print(f"{directory.config.name} {directory.config.version}: {directory.path}\n\n{text}")


@app.command("verify")
def verify_command(
    models: Annotated[list[str] | None, typer.Argument(help="Names or paths; all if none.")] = None,
) -> None:
    """Compare every file of a model with the SHA-256 it was saved with.

    Example: positivity models verify
    """
    from positivity.model import registry

    damaged = []
    for model in models or list(registry.names()):
        path = registry.find(model)
        try:
            files = registry.verify(path)
        except StateError as error:
            damaged.append(error)
            continue
        _print(f"{model}: {len(files)} files are as they were saved ({path})")
    _complain(damaged)


@app.command("export")
def export_command(
    model: ModelArgument,
    path: Annotated[str, typer.Argument(help="The file to write, or a folder for it.")] = ".",
) -> None:
    """Pack a model into one file to share.

    Example: positivity models export base my-model.zip
    """
    from positivity.model import registry
    from positivity.report.output import refuse_clashes

    target = Path(path)
    files = [each for each in registry.find(model).rglob("*") if each.is_file()]
    refuse_clashes([("PATH", target)], files)
    with _writing(target):
        if path.endswith(("/", os.sep)):
            target.mkdir(parents=True, exist_ok=True)
        exported = registry.export(model, target)
    _print(str(exported))


@app.command("import")
def import_command(
    path: Annotated[Path, typer.Argument(help="A file that `models export` wrote.")],
) -> None:
    """Unpack a shared model, verified, among your own.

    Example: positivity models import my-model.zip
    """
    from positivity.model import registry

    before = {each: _content(path) for each, path in registry.names().items()}
    with _writing(registry.imported()):
        directory = registry.import_(path)
    name = directory.config.name
    if before.get(name, _content(directory.path)) != _content(directory.path):
        say(f"{name} was the name of another model: from now on it means this one")
    _print(f"{directory.config.name} {directory.config.version}: {directory.path}")


def _content(model: Path) -> bytes:
    """What is the same only of models whose files are the same."""
    from positivity.model import registry

    return (model / registry.SUMS).read_bytes()


def _complain(damaged: Sequence[StateError]) -> None:
    """Ends with a line for each model that is not as it was saved, if there is one."""
    for each in damaged:
        say(each)
    if damaged:
        raise typer.Exit(StateError.exit_code)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Says in a line what keeps a model from being written, such as a full disk."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def _print(text: str) -> None:
    from positivity.report.output import report_output

    with report_output(None) as out:
        out.write(_shown(text, out) + "\n")


def _shown(text: str, out: TextIO) -> str:
    """`text` made harmless, for models come from strangers too, and such as `out` can encode."""
    from positivity.report.sanitize import sanitize_lines

    encoding = out.encoding or "utf-8"
    return sanitize_lines(text).encode(encoding, "replace").decode(encoding)
