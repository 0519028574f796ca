"""The options that several commands share, and what they mean."""

import math
import os
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from positivity.errors import InputError, UsageError

READING, TIMES, SCORING, OUTPUT = "Reading", "Time", "Scoring", "Output"


class Format(StrEnum):
    """What figures and scores are written as."""

    TERMINAL = "terminal"
    JSON = "json"


class ReportFormat(StrEnum):
    """What a report is written as."""

    TERMINAL = "terminal"
    JSON = "json"
    HTML = "html"
    MARKDOWN = "markdown"
    CSV = "csv"


# What has room for the words that did it, and for programs. They take the model, which a check that
# finds nothing new does without.
WITH_EFFECTS = (ReportFormat.HTML, ReportFormat.JSON)


class Device(StrEnum):
    """Where the network runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


class Engine(StrEnum):
    """What runs the network."""

    AUTO = "auto"
    TORCH = "torch"
    ONNX = "onnx"


class IncludeRetweets(StrEnum):
    """Tweets of others that else do not count."""

    RETWEETS = "retweets"


def file_to_write(text: str) -> Path:
    """The file that an option names; what ends in a slash, which a Path would lose, is none.

    Raises:
        InputError: it is a folder.
        UsageError: it is a dash, by which nobody means a file.
    """
    if text == "-":
        raise UsageError("-: names no file; without --output, answers go to standard output")
    if text.endswith(("/", os.sep)):
        raise InputError(f"{text}: is a folder; name a file in it")
    return Path(text)


SinceOption = Annotated[
    str | None,
    typer.Option("--since", help="First day or time that counts.", rich_help_panel=TIMES),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Last day, or end.", rich_help_panel=TIMES)
]
TimezoneOption = Annotated[
    str, typer.Option("--timezone", help="Time zone of days and hours.", rich_help_panel=TIMES)
]
IncludeOption = Annotated[
    list[IncludeRetweets] | None,
    typer.Option("--include", help="Count these too.", rich_help_panel=SCORING),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language", help="en: all tweets are English; leave none out.", rich_help_panel=SCORING
    ),
]
ModelOption = Annotated[
    str,
    typer.Option("--model", help="Name or path of the model.", rich_help_panel=SCORING),
]
DeviceOption = Annotated[
    Device,
    typer.Option("--device", help="Where to score; auto takes a GPU.", rich_help_panel=SCORING),
]
TrainDeviceOption = Annotated[
    Device, typer.Option("--device", help="Where to train; auto takes a GPU.")
]
EngineOption = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="What runs the network; auto: torch on a GPU, else onnx, which starts sooner.",
        rich_help_panel=SCORING,
    ),
]
FormatOption = Annotated[
    Format, typer.Option("--format", help="Write the answer as this.", rich_help_panel=OUTPUT)
]
BY_NAME = "if not said, as the name of --output ends, else for a terminal."
FileFormatOption = Annotated[
    Format | None,
    typer.Option("--format", help=f"Write the answer as this; {BY_NAME}", rich_help_panel=OUTPUT),
]
ReportFormatOption = Annotated[
    ReportFormat | None,
    typer.Option("--format", help=f"Write the report as this; {BY_NAME}", rich_help_panel=OUTPUT),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        parser=file_to_write,
        metavar="PATH",
        help="Write the report to this file, not stdout.",
        rich_help_panel=OUTPUT,
    ),
]
TextColumnOption = Annotated[
    str | None, typer.Option(help="Column of the text, or its number.", rich_help_panel=READING)
]
IdColumnOption = Annotated[
    str | None,
    typer.Option(help="Column of the tweet's id, or its number.", rich_help_panel=READING),
]
DateColumnOption = Annotated[
    str | None, typer.Option(help="Column of the time, or its number.", rich_help_panel=READING)
]
AuthorColumnOption = Annotated[
    str | None, typer.Option(help="Column of the author, or its number.", rich_help_panel=READING)
]
LangColumnOption = Annotated[
    str | None, typer.Option(help="Column of the language, or its number.", rich_help_panel=READING)
]
EncodingOption = Annotated[
    str | None, typer.Option(help="Encoding, such as latin-1.", rich_help_panel=READING)
]
DelimiterOption = Annotated[
    str | None, typer.Option(help="What separates columns.", rich_help_panel=READING)
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        help="What the files are: a word of 'positivity score --list-inputs'.",
        rich_help_panel=READING,
    ),
]
PlotOption = Annotated[
    Path | None,
    typer.Option(
        "--plot",
        parser=file_to_write,
        metavar="PATH",
        help="Also draw net positivity over time: .png or .svg.",
        rich_help_panel=OUTPUT,
    ),
]
QuietOption = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress and no remarks.", rich_help_panel=OUTPUT),
]


def finite(value: float | None) -> float | None:
    """The value of an option, if it is a number: nothing is beyond a bound of nan."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number that can be used")
    return value


def time_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises:
        UsageError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"--timezone {name!r}: no such time zone; give one like UTC or Europe/Lisbon"
        ) from None


def moment(option: str, text: str | None, zone: ZoneInfo, *, end: bool = False) -> datetime | None:
    """The moment an option names: a date (its first moment; with `end`, the next day's), or a time.

    Raises:
        UsageError: neither a date nor a time.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"{option} {text!r}: not a date like 2026-03-31 or a time like 2026-03-31T18:00"
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    is_date = len(text.strip()) <= len("2026-03-31") and found.time() == time()
    try:
        found = found + timedelta(days=1) if end and is_date else found
        found.timestamp()
    except (OverflowError, ValueError):
        raise UsageError(f"{option} {text!r}: outside the years that can be told") from None
    return found
