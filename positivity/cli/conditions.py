"""`--fail-if`: a condition on reports becomes an exit code."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.options import OUTPUT
from positivity.log import event
from positivity.messages import say

if TYPE_CHECKING:
    from positivity.account.condition import Condition
    from positivity.account.report import Report

CONDITION_HOLDS = 10

FailIfOption = Annotated[
    str | None,
    typer.Option(
        "--fail-if",
        metavar="CONDITION",
        help="End with exit code 10 if this holds, such as 'net < -20'; 'change' is of the 30 days "
        "up to the last tweet.",
        rich_help_panel=OUTPUT,
    ),
]


def condition_of(text: str | None) -> "Condition | None":
    """The condition of an option; raises UsageError for what is none."""
    if text is None:
        return None
    from positivity.account.condition import parse_condition

    return parse_condition(text)


def end_if(
    condition: "Condition | None", reports: Sequence["Report"], *, quiet: bool, failed: int = 0
) -> None:
    """Ends with exit code 10 if a condition holds of any report, and says of which.

    It is for the end of a command. Where something else has failed, its exit code comes first; but
    what holds is said all the same, since some account may fail every day.
    """
    held = any_holds(condition, reports, quiet=quiet)
    if failed or held:
        raise typer.Exit(failed or CONDITION_HOLDS)


def any_holds(condition: "Condition | None", reports: Sequence["Report"], *, quiet: bool) -> bool:
    """Whether a condition holds of any report; says of which, and of which that is not known."""
    if condition is None:
        return False
    held = False
    for report in reports:
        holds = condition.holds(report)
        held = held or holds is True
        event("condition", subject=report.subject, condition=condition.text, holds=_told(holds))
        if holds:
            say(f"{report.subject}: {condition.text} holds ({condition.why(report)})")
        elif holds is None and not quiet:
            lacking = "no dates" if _lacks_dates(condition, report) else "too few tweets"
            say(
                f"{report.subject}: {lacking} to tell whether {condition.text} holds "
                f"({condition.why(report)})"
            )
    return held


def _lacks_dates(condition: "Condition", report: "Report") -> bool:
    asks_for_change = any(name.startswith("change") for name in condition.names)
    return asks_for_change and report.last is None and report.counts.counted > 0


def _told(holds: bool | None) -> str:
    return "unknown" if holds is None else "yes" if holds else "no"
