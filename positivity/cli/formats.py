"""What a report is written as: what `--format` says, else the name of its file."""

from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from positivity.errors import UsageError

F = TypeVar("F", bound=StrEnum)

_BY_SUFFIX = {
    ".txt": "terminal",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".csv": "csv",
}
# Names that promise a form which no report has. Any other ending, such as that of report.2026-11,
# promises nothing, and a report goes there as it would without one.
_OTHERS = frozenset(
    (
        *(".pdf", ".doc", ".docx", ".odt", ".rtf", ".tex", ".ppt", ".pptx", ".rst", ".ipynb"),
        *(".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".tsv", ".tab", ".jsonl", ".ndjson", ".js"),
        *(".parquet", ".pq", ".feather", ".arrow", ".xml", ".yaml", ".yml", ".toml", ".db"),
        *(".sqlite", ".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp"),
        *(".zip", ".gz", ".bz2", ".xz", ".zst"),
    )
)


def format_of(given: F | None, output: str | Path | None, formats: type[F]) -> F:
    """The format that is asked for, by `--format` or the name of the output; else a terminal's.

    Raises:
        UsageError: the name promises a form that there is none of.
    """
    if given is not None:
        return given
    try:
        found = None if output is None else format_by_name(output, formats)
    except UsageError as error:
        raise UsageError(f"--output {error}") from None
    return found or formats("terminal")


def format_by_name(output: str | Path, formats: type[F]) -> F | None:
    """The format that the name of a file promises; None for a folder, or where it promises none.

    Raises:
        UsageError: it promises a form that is none of `formats`.
    """
    if str(output).endswith("/") or Path(output).is_dir():
        return None
    suffix = Path(output).suffix.lower()
    name = _BY_SUFFIX.get(suffix)
    if name in list(formats):
        return formats(name)
    if name is None and suffix not in _OTHERS:
        return None
    endings = {each: ending for ending, each in reversed(_BY_SUFFIX.items())}
    known = ", ".join(endings[each] for each in formats)
    raise UsageError(
        f"{output}: is not what is written here; end the name in {known}, or name the format too"
    )
