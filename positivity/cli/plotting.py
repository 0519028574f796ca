"""`--plot`, for every command that reports."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from positivity.messages import say

if TYPE_CHECKING:
    from positivity.account.report import Report


def check_plot(path: Path | None) -> None:
    """Complains, before any work is done, of a picture that could not be written."""
    if path is not None:
        from positivity.report import plot

        plot.check_plot(path)


def draw(reports: Sequence["Report"], path: Path | None) -> None:
    """Draws reports where a picture was asked for, and says what is not in it."""
    if path is not None:
        from positivity.report import plot

        remark = plot.write_plot(reports, path)
        if remark:
            say(remark)
