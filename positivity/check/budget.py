"""A budget for each month, over all that is read with one store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from positivity.check.money import enough, shown
from positivity.check.run import CheckJob
from positivity.errors import LimitError
from positivity.store import Spent

# Two runs that spend from a budget at the same time could each take what is left of it.
LOCK = "budget"
BUSY = (
    "another run of positivity spends from the same budget for minutes; this one read nothing, the "
    "next goes on"
)
PATIENCE = 300.0  # seconds for that run to end


def within_budget(
    job: CheckJob, budget: float, months: Sequence[tuple[str, Spent]], now: datetime
) -> CheckJob:
    """The job, bounded by what is left of a month's budget in dollars.

    Args:
        months: what was spent in which, as the ledger has it. Months that are to come count too:
            a clock that was set back gives no money back.

    Raises:
        LimitError: what is left is too little to read any of the accounts.
    """
    this = f"{now:%Y-%m}"
    spent = sum(each.dollars for month, each in months if month >= this)
    left = round(budget - spent, 6)
    if not enough(left, job.least(len(job.handles))):
        to_come = [(month, each) for month, each in months if month > this]
        raise LimitError(_used_up(budget, spent, to_come))
    if job.max_cost is not None and job.max_cost <= left:
        return job
    return replace(job, max_cost=left, bound="the month's budget")


def _used_up(budget: float, spent: float, to_come: Sequence[tuple[str, Spent]]) -> str:
    """That there is too little left, and what to do; `to_come` was spent in months to come."""
    used = f"the budget of {shown(budget)} a month is used up: {shown(spent)} was spent"
    rest = "the rest is too little to look the accounts up and read any of them; nothing was read"
    if not to_come:
        return f"{used}, and {rest}, and the next month begins on the 1st (UTC)"
    later = shown(sum(each.dollars for _, each in to_come))
    which = ", ".join(month for month, _ in to_come)
    return (
        f"{used}, {later} of it in months that by this machine's clock are to come ({which}), "
        f"which count until they are over, and {rest}; if the clock is right, raise the budget by "
        "that, else set the clock"
    )
