"""Telling of conditions that start or stop to hold, and not of those that go on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from positivity.log import event

if TYPE_CHECKING:
    from positivity.account.report import Report
    from positivity.notify import Notice
    from positivity.store import Store


def tell_changes(
    job: str, notices: "Sequence[Notice]", reports: "Sequence[Report]", store: "Store"
) -> list[str]:
    """Tells of what changed since the last run of a job; a line for each that could not be told.

    What could not be told is told by the next run, if it still is so. What is not known changes
    nothing.
    """
    from positivity.notify import NotTold, tell

    failures = []
    for notice in (way for each in notices for way in each.ways):
        for report in reports:
            holds = notice.when.holds(report)
            before = store.conditions.get(job, notice.key, report.subject)
            if holds is None or holds is before:
                continue
            account = _account(report, store)  # now: it may be forgotten while that is told
            if holds or before:
                try:
                    tell(notice, report, holds=holds)
                except NotTold as failure:
                    failures.append(f"{report.subject}: {notice.when.text}: {failure}")
                    event("not-told", subject=report.subject, error=failure)
                    continue
                event(
                    "told",
                    subject=report.subject,
                    condition=notice.when.text,
                    now="holds" if holds else "holds no longer",
                )
            store.conditions.put(
                *(job, notice.key, report.subject),
                holds=holds,
                account=account,
            )
    return failures


def _account(report: "Report", store: "Store") -> int | None:
    """The account that a report is on, if it is on one."""
    found = store.accounts.find(report.timeline.handle) if report.timeline else None
    return None if found is None else found.id
