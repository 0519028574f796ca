"""`positivity report --history` and `--since-last`, written."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from positivity.cli.options import ReportFormat
from positivity.cli.reports import Place
from positivity.errors import UsageError
from positivity.messages import say

if TYPE_CHECKING:
    from rich.console import Console

    from positivity.account.report import Estimate, Report
    from positivity.check.history import History, LastCheck
    from positivity.check.scoring import Question, StoreAnalyzer
    from positivity.store import Store, StoredAccount

SCHEMA_VERSION = 1


def write_histories(
    store: "Store",
    analyzer: "StoreAnalyzer",
    accounts: "Sequence[StoredAccount]",
    question: "Question",
    format: ReportFormat,
    place: Place,
    *,
    rescore: bool,
) -> None:
    """Writes the line of past verdicts of each account.

    Raises:
        UsageError: in another form than a terminal's or JSON, or into a folder.
    """
    from positivity.check.history import history

    path = _file(place, format)
    found = [history(store, analyzer, each, question, rescore=rescore) for each in accounts]
    _write([_plain_history(each) for each in found], found, _show_history, format, path)
    for each in found:
        if each.by_others:
            days = "1 day more was" if each.by_others == 1 else f"{each.by_others:,} days more were"
            say(
                f"{each.subject}: {days} judged by another model, or before checks were counted; "
                f"--rescore judges those that it can by {each.model}"
            )
        if each.other_question is not None:
            say(
                f"{each.subject}: was checked with other options; for its history give "
                f"{_options(each.other_question)}"
            )


def _options(question: dict[str, Any]) -> str:
    """The options that ask a question."""
    options = [
        *(f"--{name} {question[name]}" for name in ("since", "until") if question[name]),
        f"--timezone {question['timezone']}",
        *(["--include retweets"] if question["include_retweets"] else []),
        *([f"--language {question['language']}"] if question["language"] else []),
    ]
    return " ".join(options)


def write_last_checks(
    store: "Store",
    analyzer: "StoreAnalyzer",
    accounts: "Sequence[StoredAccount]",
    question: "Question",
    format: ReportFormat,
    place: Place,
) -> None:
    """Writes what the last check of each account changed; raises as `write_histories` does."""
    from positivity.check.history import last_check

    path = _file(place, format)
    found = []
    for account in accounts:
        each = last_check(store, analyzer, account, question)
        if each is None:
            say(f"@{account.handle}: was checked once only; there is nothing to compare with yet")
        else:
            found.append(each)
    _write([_plain_last(each) for each in found], found, _show_last, format, path)


def _file(place: Place, format: ReportFormat) -> Path | None:
    if format not in (ReportFormat.TERMINAL, ReportFormat.JSON):
        raise UsageError(f"the past is written as terminal or json, not as {format}")
    if place is not None and not isinstance(place, Path):
        raise UsageError("the past is one document: name a file for it, not a folder")
    return place


def _write(
    plain: list[dict[str, Any]],
    found: Sequence[Any],
    show: Any,
    format: ReportFormat,
    path: Path | None,
) -> None:
    from positivity.report.output import report_output

    with report_output(path) as out:
        if format is ReportFormat.JSON:
            from positivity.report.machine import write_json

            write_json({"schema_version": SCHEMA_VERSION, "accounts": plain}, out)
            return
        console = _console(out)
        for each in found:
            show(each, console)


def _console(out: TextIO) -> "Console":
    from positivity.report.terminal_page import make_console

    return make_console(out)


def _plain_history(history: "History") -> dict[str, Any]:
    return {
        "subject": history.subject,
        "model": history.model,
        "history": [asdict(each) for each in history.past],
        "days_of_other_models": history.by_others,
    }


def _plain_last(last: "LastCheck") -> dict[str, Any]:
    return {
        "subject": last.subject,
        "since": None if last.since is None else last.since.isoformat(timespec="seconds"),
        "before": _figures(last.before),
        "now": _figures(last.now),
        "new_tweets": asdict(last.new),
        "tweets": [
            {
                "id": each.id,
                "created_at": each.created_at,
                "text": each.text,
                "score": each.score,
            }
            for each in last.tweets
        ],
    }


def _figures(report: "Report") -> dict[str, Any]:
    return {
        "verdict": report.verdict.label,
        "undecided": report.verdict.undecided,
        "net": None if report.net is None else asdict(report.net),
        "tweets": report.counts.counted,
    }


def _show_history(history: "History", console: "Console") -> None:
    from rich.table import Table

    console.print(f"{history.subject}, by the model {history.model}")
    if not history.past:
        console.print("  nothing yet")
        return
    table = Table("day", "verdict", box=None)
    for title in ("net", "interval", "tweets"):
        table.add_column(title, justify="right")
    for each in history.past:
        table.add_row(*(each.day, each.word), *_net_cells(each.net), f"{each.tweets:,}")
    console.print(table)


def _net_cells(net: "Estimate | None") -> tuple[str, str]:
    """A net and its interval, in ASCII, which every terminal has."""
    if net is None:
        return "", ""
    from positivity.report.words import net_interval

    def signed(value: float) -> str:
        return f"{round(value):+d}" if round(value) else "0"

    return signed(net.value), net_interval(net, signed)


def _show_last(last: "LastCheck", console: "Console") -> None:
    from positivity.report.sanitize import sanitize
    from positivity.report.words import tweets

    when = "the check before" if last.since is None else f"{last.since:%Y-%m-%d %H:%M} UTC"
    console.print(f"{last.subject}, since {when}")
    if not last.new.all and last.before.counts == last.now.counts:
        console.print("  nothing new")
        return
    before, now = last.before, last.now
    console.print(f"  verdict  {_moved(before.verdict.word, now.verdict.word)}")
    (net_before, _), (net_now, interval) = _net_cells(before.net), _net_cells(now.net)
    if net_now:
        console.print(f"  net      {_moved(net_before or 'unknown', net_now)} ({interval})")
    new = last.new
    counted = _moved(f"{before.counts.counted:,}", f"{now.counts.counted:,}")
    console.print(f"  tweets   {counted}")
    console.print(
        f"  new      {tweets(new.all)} that count: {new.positive:,} positive, {new.neutral:,} "
        f"neutral, {new.negative:,} negative"
    )
    if last.tweets:
        console.print("\n  these moved it most")
        for each in last.tweets:
            day = (each.created_at or "")[:10]
            text = f"  {day}  {100 * each.score:+4.0f}  {sanitize(each.text)}"
            shown = text.encode(console.encoding, "replace").decode(console.encoding)
            console.print(shown, overflow="crop", no_wrap=True, soft_wrap=False)


def _moved(before: str, now: str) -> str:
    return now if before == now else f"{now}, before {before}"
