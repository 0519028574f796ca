"""`positivity explain`: why a file of tweets or a stored account got its verdict."""

import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.formats import format_of
from positivity.cli.options import (
    BY_NAME,
    OUTPUT,
    SCORING,
    AsOption,
    AuthorColumnOption,
    DateColumnOption,
    DelimiterOption,
    Device,
    DeviceOption,
    EncodingOption,
    Engine,
    EngineOption,
    IdColumnOption,
    IncludeOption,
    IncludeRetweets,
    LangColumnOption,
    LanguageOption,
    ModelOption,
    OutputOption,
    QuietOption,
    SinceOption,
    TextColumnOption,
    TimezoneOption,
    UntilOption,
    moment,
    time_zone,
)
from positivity.cli.score_job import ScoreJob
from positivity.cli.scoring import score
from positivity.cli.subjects import is_handle
from positivity.errors import PARTLY_DONE, UsageError
from positivity.fast_start import prepare_process

if TYPE_CHECKING:
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from positivity.account.explanation import Explanation
    from positivity.check.scoring import Question
    from positivity.explainer import Explainer

TAGGER = "spans"  # the one that ships


class ExplanationFormat(StrEnum):
    """What an explanation is written as."""

    TERMINAL = "terminal"
    JSON = "json"
    HTML = "html"
    MARKDOWN = "markdown"


class Method(StrEnum):
    """How it is found out which words it was."""

    LEAVE_ONE_OUT = "leave-one-out"
    GRADIENTS = "gradients"
    SPANS = "spans"


@dataclass(frozen=True, slots=True)
class Way:
    """A method with what it takes."""

    method: Method
    tagger: str  # name or path, for spans


def explain_command(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE...|@HANDLE",
            help="Files as for score, - is stdin; or one account that was checked before.",
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Explain the sample account that comes along.")
    ] = False,
    text_column: TextColumnOption = None,
    id_column: IdColumnOption = None,
    date_column: DateColumnOption = None,
    author_column: AuthorColumnOption = None,
    lang_column: LangColumnOption = None,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
    as_format: AsOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    timezone: TimezoneOption = "UTC",
    include: IncludeOption = None,
    language: LanguageOption = None,
    method: Annotated[
        Method,
        typer.Option(
            help="Leave words out one by one, follow gradients, or mark as people did.",
            rich_help_panel=SCORING,
        ),
    ] = Method.LEAVE_ONE_OUT,
    tagger: Annotated[
        str | None,
        typer.Option(
            help="With --method spans: name or path of what marks; default spans.",
            rich_help_panel=SCORING,
        ),
    ] = None,
    model: ModelOption = "base",
    device: DeviceOption = Device.AUTO,
    engine: EngineOption = Engine.AUTO,
    format: Annotated[
        ExplanationFormat | None,
        typer.Option(help=f"Write the explanation as this; {BY_NAME}", rich_help_panel=OUTPUT),
    ] = None,
    output: OutputOption = None,
    quiet: QuietOption = False,
) -> None:
    """Show which tweets, words, hashtags and emoji made the verdict, and what was unclear.

    An account comes from the store: no network, no costs.

    Example: positivity explain tweets.csv -o why.html
    """
    from positivity.report.output import refuse_clashes, refuse_folder
    from positivity.sources.exports import checked_format
    from positivity.sources.files import ReadOptions

    given = inputs or []
    if sample == bool(given):
        raise UsageError("name files of tweets or a stored @handle, or try --sample")
    handle = _handle(given)
    refuse_clashes([("--output", output)], given if handle is None else ())
    format = format_of(format, output, ExplanationFormat)
    if output is not None:
        refuse_folder(output)  # now, rather than when all is scored
    if tagger is not None and method is not Method.SPANS:
        raise UsageError("--tagger goes with --method spans")
    how = Way(method, tagger or TAGGER)
    zone = time_zone(timezone)
    reading = ReadOptions(
        text_column=text_column,
        id_column=id_column,
        date_column=date_column,
        author_column=author_column,
        lang_column=lang_column,
        encoding=encoding,
        delimiter=delimiter,
        format=None if as_format is None else checked_format(as_format),
    )
    partly = False
    if handle is not None:
        from positivity.cli.stored import question

        if reading != ReadOptions():
            raise UsageError(f"{handle} is read from the store: options on files do not go with it")
        asked = question(since, until, timezone, include, language)
        explanation = explain_account(handle, asked, model, how, device=device, engine=engine)
    else:
        job = ScoreJob(
            files=tuple(given),
            options=reading,
            zone=zone,
            since=moment("--since", since, zone),
            until=moment("--until", until, zone, end=True),
            include_retweets=IncludeRetweets.RETWEETS in (include or []),
            language=language,
            by=None,
            model=model,
            device=device,
            engine=engine,
            scores=None,
            rejects=None,
            progress=not quiet and sys.stderr.isatty(),
            or_accounts=True,
        )
        explanation, partly = explain_files(job, how)
    write_explanation(explanation, format, output)
    if partly:
        raise typer.Exit(PARTLY_DONE)


def _handle(inputs: list[str]) -> str | None:
    """The handle that is to be explained; None when it is files."""
    handles = [each for each in inputs if is_handle(each)]
    if not handles:
        return None
    if len(inputs) > 1:
        raise UsageError("one account at a time, and no files with it")
    return handles[0]


def explain_files(job: ScoreJob, how: Way) -> tuple["Explanation", bool]:
    """The explanation of the files of a job, and whether any was not read to its end.

    Raises:
        PositivityError: nothing could be read, or the model or an option cannot be used.
    """
    prepare_process()
    explainer = _explainer(job.model, job.zone, how)
    (report,), partly = score(job, explainer)
    return explainer.explain(report), partly


def explain_account(
    handle: str, question: "Question", model: str, how: Way, *, device: str, engine: str
) -> "Explanation":
    """The explanation of an account as it is in the store.

    Raises:
        PositivityError: it is not there, or the model or an option cannot be used.
    """
    prepare_process()
    from positivity.check.money import Prices
    from positivity.check.scoring import StoreAnalyzer
    from positivity.cli.stored import open_store, stored_account
    from positivity.settings import load_settings

    settings = load_settings()
    with open_store(reading=True) as store:
        account = stored_account(store, handle)
        analyzer = StoreAnalyzer(store, model, device=device, engine=engine)
        analyzer.selection(question)  # complains of an option before the model is loaded
        explainer = _explainer(model, question.zone, how)
        prices = Prices(settings.post_price, settings.user_price)
        report = analyzer.report(account, question, prices, watcher=explainer)
        return explainer.explain(report)


def _explainer(model: str, zone: "ZoneInfo", how: Way) -> "Explainer":
    """What explains, with all that it loads."""
    from positivity.explainer import Explainer
    from positivity.model.registry import load

    tagger = None
    if how.method is Method.SPANS:
        from positivity.spans import SpanTagger

        tagger = SpanTagger(load(how.tagger))
    return Explainer(load(model), zone, how.method, tagger)


def write_explanation(
    explanation: "Explanation", format: ExplanationFormat, output: "Path | None"
) -> None:
    """Writes an explanation in the format asked for."""
    from positivity.report.output import report_output

    with report_output(output, format) as out:
        match format:
            case ExplanationFormat.JSON:
                from positivity.report.machine import render_explanation_json

                render_explanation_json(explanation, out)
            case ExplanationFormat.HTML:
                from positivity.report.html import render_explanation_html

                render_explanation_html(explanation, out)
            case ExplanationFormat.MARKDOWN:
                from positivity.report.markdown_why import render_explanation_markdown

                render_explanation_markdown(explanation, out)
            case ExplanationFormat.TERMINAL:
                from positivity.report.reasons import render_explanation
                from positivity.report.terminal_page import make_console

                render_explanation(explanation, make_console(out))
