"""Where reports come from: what was read for them, what was left out, and what scored it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from positivity.account.report import Counts, KindShare, ModelInfo, Report


@dataclass(frozen=True, slots=True)
class Origin:
    """What was read for one report, or for several together."""

    counts: Counts
    first: str | None  # ISO date of the first counted tweet in `timezone`
    last: str | None
    timezone: str
    read_as: tuple[str, ...]  # how each input was read, a line each
    kinds: tuple[KindShare, ...]  # of a single report; nets do not add up
    model: ModelInfo


def origin_of(reports: Sequence[Report]) -> Origin:
    """The origin of one report or more, which one model scored in one time zone."""
    left_out: Counter[str] = Counter()
    for report in reports:
        left_out.update(report.counts.left_out)
    days = [day for report in reports for day in (report.first, report.last) if day is not None]
    return Origin(
        counts=Counts(
            found=sum(report.counts.found for report in reports),
            counted=sum(report.counts.counted for report in reports),
            left_out=dict(left_out.most_common()),
        ),
        first=min(days, default=None),
        last=max(days, default=None),
        timezone=reports[0].timezone,
        read_as=tuple(dict.fromkeys(line for report in reports for line in report.read_as)),
        kinds=reports[0].kinds if len(reports) == 1 else (),
        model=reports[0].model,
    )
