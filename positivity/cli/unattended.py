"""What runs that nobody watches share: a bound on time, a random delay, a log."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from positivity.cli.options import file_to_write, finite
from positivity.errors import Interrupted, PositivityError
from positivity.log import event, logging_to

UNATTENDED = "Unattended"

MaxTimeOption = Annotated[
    float | None,
    typer.Option(
        min=1,
        callback=finite,
        metavar="SECONDS",
        help="End after so long; what was read is kept.",
        rich_help_panel=UNATTENDED,
    ),
]
JitterOption = Annotated[
    float,
    typer.Option(
        min=0,
        callback=finite,
        metavar="SECONDS",
        help="First wait for a random time up to this.",
        rich_help_panel=UNATTENDED,
    ),
]
BudgetOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        callback=finite,
        metavar="USD",
        help="Spend no more than this in a month, all runs together.",
        rich_help_panel=UNATTENDED,
    ),
]


def _file_or_stderr(text: str) -> Path:
    return Path(text) if text == "-" else file_to_write(text)


LogFileOption = Annotated[
    Path | None,
    typer.Option(
        parser=_file_or_stderr,
        metavar="PATH",
        help="Add a line for each event to this file; - is stderr.",
        rich_help_panel=UNATTENDED,
    ),
]
LogJsonOption = Annotated[
    bool,
    typer.Option("--log-json", help="Write these lines as JSON.", rich_help_panel=UNATTENDED),
]


@dataclass(frozen=True, slots=True)
class Lock:
    """What only one run at a time may hold, and what is said to the others."""

    what: str
    busy: str


@contextmanager
def unattended(
    command: str,
    *,
    max_time: float | None = None,
    bound: str = "--max-time",
    jitter: float = 0.0,
    log_file: Path | None = None,
    log_json: bool = False,
    lock: Lock | None = None,
) -> Iterator[None]:
    """Runs the block with its bounds and its log, which has how it began and how it ended.

    Args:
        bound: what the user calls `max_time`.
    """
    from positivity.deadline import deadline, wait_a_while
    from positivity.store import run_lock

    with ExitStack() as stack:
        stack.enter_context(logging_to(log_file, as_json=log_json))
        stack.enter_context(_logged(command))
        if lock is not None:  # before the delay, or runs would pile up in it
            stack.enter_context(run_lock(lock.what, lock.busy))
        if jitter:
            event("waited", seconds=round(wait_a_while(jitter), 1))
        with deadline(max_time, bound):
            yield


@contextmanager
def _logged(command: str) -> Iterator[None]:
    began, code = time.monotonic(), 1
    event("began", command=command)
    try:
        yield
        code = 0
    except typer.Exit as end:
        code = end.exit_code
        raise
    except PositivityError as error:
        code = error.exit_code
        event("failed", error=error)
        raise
    except KeyboardInterrupt:
        code = Interrupted.exit_code
        raise
    finally:
        event("ended", code=code, seconds=round(time.monotonic() - began, 1))
