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
    spent = sum(each.dollars for month, each in months if month >= f"{now:%Y-%m}")
    left = round(budget - spent, 6)
    if not enough(left, job.least(len(job.handles))):
        raise LimitError(
            f"the budget of {shown(budget)} a month is used up: {shown(spent)} was spent, and the "
            "rest is too little to look the accounts up and read any of them; nothing was read, "
            "and the next month begins on the 1st (UTC)"
        )
    if job.max_cost is not None and job.max_cost <= left:
        return job
    return replace(job, max_cost=left, bound="the month's budget")
