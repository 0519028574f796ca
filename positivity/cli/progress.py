"""What `check` says while it runs: the price before, a line for each account, waits."""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from positivity.log import event
from positivity.messages import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from positivity.check.run import Checked, CheckJob
    from positivity.sources.x_api import WaitNotice
    from positivity.store import Spent


_WORTH_SAYING = 5.0  # seconds of waiting


class Watching:
    """Tells of a run on stderr, with moving lines where that is a terminal; a context manager."""

    def __init__(self, job: "CheckJob", *, quiet: bool, dry_run: bool) -> None:
        self._job = job
        self._quiet = quiet
        self._prices = not quiet and not dry_run
        self._moving = not quiet and sys.stderr.isatty()
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.RLock()
        self._lookup: TaskID | None = None
        self._said_until = 0.0
        self._here = threading.local()  # the account that a thread works on

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the moving lines away."""
        progress, self._progress = self._progress, None
        if progress is not None:
            with suppress(OSError):  # the terminal was closed
                progress.stop()

    def price(self, at_most: "Spent", checks: Sequence["Checked"]) -> None:
        """Say what the run costs at most."""
        if not self._prices:
            return
        from positivity.check.money import many_posts, shown

        good = [check for check in checks if check.error is None]
        posts = sum(check.posts_at_most(retweets=self._job.retweets) for check in good)
        who = f"@{good[0].handle}" if len(good) == 1 else f"{len(good):,} accounts"
        most = f"at most {many_posts(posts)}, for at most {shown(at_most.dollars)} in all"
        say(f"{who}: reads {most}")

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
        left = f"{notice.reason}: {notice.remaining:.0f} s" if notice.remaining else ""
        if check is not None:
            self._update(check, note=left)
        if self._moving:
            if check is None:
                self._update_lookup(left)
        elif notice.total >= _WORTH_SAYING:
            self._say_once(notice)

    def _update_lookup(self, note: str) -> None:
        """The line of what comes before the accounts: looking them up."""
        if self._lookup is None:
            self._lookup = self._started().add_task("", total=None, name="accounts", note=note)
        elif self._progress is not None:
            self._progress.update(self._lookup, note=note, visible=bool(note))

    def _say_once(self, notice: "WaitNotice") -> None:
        """A line for a wait, and not one for each thread that waits."""
        with self._lock:
            ends = time.monotonic() + notice.remaining
            if ends > self._said_until + 1:
                self._said_until = ends
                event("waiting", reason=notice.reason, seconds=round(notice.remaining))
                if not self._quiet:
                    say(f"{notice.reason}: waiting {notice.remaining:.0f} s")

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
    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return _confirm


def _confirm(text: str) -> bool:
    print(f"positivity: {text}. Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
