"""The options on how files are read, for every command that reads some."""

from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.options import READING

if TYPE_CHECKING:
    from positivity.sources.files import ReadOptions

TextColumnOption = Annotated[
    str | None,
    typer.Option("--text-column", help="Column of the text.", rich_help_panel=READING),
]
IdColumnOption = Annotated[
    str | None,
    typer.Option("--id-column", help="Column of the tweet's id.", rich_help_panel=READING),
]
DateColumnOption = Annotated[
    str | None,
    typer.Option("--date-column", help="Column of the time.", rich_help_panel=READING),
]
AuthorColumnOption = Annotated[
    str | None,
    typer.Option("--author-column", help="Column of the author.", rich_help_panel=READING),
]
LangColumnOption = Annotated[
    str | None,
    typer.Option("--lang-column", help="Column of the language.", rich_help_panel=READING),
]
EncodingOption = Annotated[
    str | None,
    typer.Option("--encoding", help="Encoding, such as latin-1.", rich_help_panel=READING),
]
DelimiterOption = Annotated[
    str | None,
    typer.Option("--delimiter", help="What separates columns.", rich_help_panel=READING),
]
AsFormatOption = Annotated[
    str | None,
    typer.Option("--as", help="What the files are: one of --list-inputs.", rich_help_panel=READING),
]


def read_options(
    *,
    text_column: str | None,
    id_column: str | None,
    date_column: str | None,
    author_column: str | None,
    lang_column: str | None,
    encoding: str | None,
    delimiter: str | None,
    as_format: str | None,
    community: bool = False,
    deleted: bool = False,
) -> "ReadOptions":
    """What these options ask for; raises UsageError for a form of files that is not known."""
    from positivity.sources.exports import checked_format
    from positivity.sources.files import ReadOptions

    return ReadOptions(
        text_column=text_column,
        id_column=id_column,
        date_column=date_column,
        author_column=author_column,
        lang_column=lang_column,
        encoding=encoding,
        delimiter=delimiter,
        community=community,
        deleted=deleted,
        format=None if as_format is None else checked_format(as_format),
    )
