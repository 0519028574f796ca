"""What `check` says while it runs: the price before, a line for each account, waits."""

import sys
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import typer

from positivity.messages import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from positivity.check.run import Checked, CheckJob
    from positivity.sources.x_api import WaitNotice
    from positivity.store import Spent


class Watching:
    """Tells of a run on stderr, with moving lines where that is a terminal; a context manager."""

    def __init__(self, job: "CheckJob", *, quiet: bool, dry_run: bool) -> None:
        self._job = job
        self._prices = not quiet and not dry_run
        self._moving = not quiet and sys.stderr is not None and sys.stderr.isatty()
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()
        self._here = threading.local()  # the account that a thread works on

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the moving lines away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def price(self, at_most: "Spent", checks: Sequence["Checked"]) -> None:
        """Say what the run costs at most."""
        if not self._prices:
            return
        from positivity.check.money import shown

        good = [check for check in checks if check.error is None]
        posts = sum(check.posts_at_most(retweets=self._job.retweets) for check in good)
        who = f"@{good[0].handle}" if len(good) == 1 else f"{len(good):,} accounts"
        say(f"{who}: reads at most {posts:,} posts, for at most {shown(at_most.dollars)} in all")

    def begin(self, check: "Checked") -> None:
        """An account's turn has come."""
        self._here.check = check
        if not self._moving:
            return
        with self._lock:
            total = max(1, check.estimate.posts + len(check.to_refresh))
            self._tasks[check.handle] = self._started().add_task(
                "", total=total, name=f"@{check.handle}", note=""
            )

    def progress(self, check: "Checked") -> None:
        """A page has come."""
        reading = check.reading
        self._update(
            check, completed=reading.posts + reading.refreshed, note=f"{reading.posts:,} posts"
        )

    def end(self, check: "Checked") -> None:
        """An account is done with."""
        task = self._tasks.pop(check.handle, None)
        if task is not None and self._progress is not None:
            self._progress.remove_task(task)
        self._here.check = None

    def wait(self, notice: "WaitNotice") -> None:
        """A request waits, in the thread that calls this."""
        check = getattr(self._here, "check", None)
        if check is not None:
            left = f"{notice.reason}: {notice.remaining:.0f} s" if notice.remaining else ""
            self._update(check, note=left)

    def _update(self, check: "Checked", **what: object) -> None:
        task = self._tasks.get(check.handle)
        if task is not None and self._progress is not None:
            self._progress.update(task, **what)  # type: ignore[arg-type]

    def _started(self) -> "Progress":
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            columns = (
                TextColumn("{task.fields[name]}", markup=False),
                BarColumn(),
                TextColumn("{task.fields[note]}", markup=False),
            )
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
        return self._progress


def confirmer() -> Callable[[str], bool] | None:
    """What asks the person at the terminal; None where there is none."""
    if sys.stdin is None or sys.stderr is None:
        return None
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return lambda text: typer.confirm(f"positivity: {text}. Go on?", err=True)
