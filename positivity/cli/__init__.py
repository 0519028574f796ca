"""The command line: one file for each command, each a Typer function that parses and calls.

Heavy libraries are imported inside the commands, so that `positivity --help` answers at once.
"""

import errno
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from positivity import __version__
from positivity.cli.auth import app as auth_app
from positivity.cli.check import check_command
from positivity.cli.compare import compare_command
from positivity.cli.config import config_command
from positivity.cli.doctor import doctor_command
from positivity.cli.evaluate import evaluate_command
from positivity.cli.explain import explain_command
from positivity.cli.explore import explore_command
from positivity.cli.forget import forget_command
from positivity.cli.generate import generate_command
from positivity.cli.inspect import inspect_command
from positivity.cli.lab import lab_command
from positivity.cli.models import app as models_app
from positivity.cli.report import report_command
from positivity.cli.run import run_command
from positivity.cli.say import say_command
from positivity.cli.schedule import schedule_command
from positivity.cli.score import score_command
from positivity.cli.train import train_command
from positivity.cli.usage import usage_command
from positivity.errors import InputError, Interrupted, PositivityError, StateError
from positivity.fast_start import end_at_once
from positivity.messages import say

_STDERR = 2
_FULL = (errno.ENOSPC, errno.EDQUOT)
_ENDING = ("SIGTERM", "SIGHUP")  # of which Windows has the first
_TWICE = 1.0  # seconds within which a signal that comes again is the same one


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Ends well when whoever reads our output has seen enough, as `head` has."""
    try:
        try:
            yield
        except SystemExit as end:  # by which rich, which writes the help, ends then
            if isinstance(end.__context__, BrokenPipeError):
                raise end.__context__ from None
            raise
    except BrokenPipeError:
        from positivity.report.output import discard_the_rest

        discard_the_rest()
        raise typer.Exit(0) from None


@contextmanager
def _folder_may_be_gone() -> Iterator[None]:
    """Says what is wrong when the folder that the program was started in is not there any more.

    What is named by its whole path can be used there all the same.
    """
    try:
        yield
    except FileNotFoundError:
        try:
            Path.cwd()
        except FileNotFoundError:
            raise InputError(
                "the folder that this was started in is not there any more; go to another one"
            ) from None
        raise


def _open_stderr() -> None:
    """Opens stderr, to nowhere, where it is closed: else the next file would take its number."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere == _STDERR:
        os.set_inheritable(nowhere, True)
    else:
        os.dup2(nowhere, _STDERR)
    sys.stderr = os.fdopen(_STDERR, "w", encoding="utf-8")


def _end_unwritten(error: OSError) -> NoReturn:
    from positivity.report.output import discard_the_rest

    discard_the_rest()
    say(f"{error.filename or 'standard output'}: cannot be written ({error.strerror or error})")
    raise typer.Exit(InputError.exit_code) from None


class _Group(TyperGroup):
    """Turns our errors into one line on stderr and their exit code."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        try:
            with _reader_may_leave():  # the help is written here, and completion installed
                return super().make_context(*args, **kwargs)
        except OSError as error:
            _end_unwritten(error)

    def invoke(self, ctx: Any) -> Any:
        try:
            with _reader_may_leave(), _folder_may_be_gone():
                return super().invoke(ctx)
        except PositivityError as error:
            say(error)
            raise typer.Exit(error.exit_code) from None
        except OSError as error:
            if error.errno not in _FULL:
                raise  # a bug
            _end_unwritten(error)  # the help of a command
        except ImportError as error:
            if (error.name or "positivity").partition(".")[0] == "positivity":
                raise  # a bug
            say(f"{error}: a package is missing or damaged; install positivity again")
            raise typer.Exit(StateError.exit_code) from None
        except KeyboardInterrupt as interrupt:  # it may say what is kept
            say("; ".join(["interrupted", *map(str, interrupt.args)]))
            raise typer.Exit(Interrupted.exit_code) from None


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 2 usage, 3 bad input, 4 token, 5 account, 6 limits, 7 network, "
    "8 partly done, 9 own files, 10 --fail-if holds, 130 interrupted. "
    "Try: positivity score --sample",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"positivity {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Is a Twitter/X account mainly positive or mainly negative?

    Scores its tweets with a trained LSTM, says how sure that is, and why.
    """


app.command("check")(check_command)
app.command("report")(report_command)
app.command("score")(score_command)
app.command("explain")(explain_command)
app.command("run")(run_command)
app.command("schedule")(schedule_command)
app.command("compare")(compare_command)
app.command("say")(say_command)
app.command("explore")(explore_command)
app.command("inspect")(inspect_command)
app.command("generate")(generate_command)
app.command("train")(train_command)
app.command("evaluate")(evaluate_command)
app.command("lab")(lab_command)
app.add_typer(models_app, name="models")
app.add_typer(auth_app, name="auth")
app.command("usage")(usage_command)
app.command("forget")(forget_command)
app.command("config")(config_command)
app.command("doctor")(doctor_command)


def _interrupt_at_signals() -> None:
    """Has the signals that ask for an end do what a Ctrl-C does: what is paid for is kept.

    `timeout` sends its signal twice, and so may a shell whose terminal is closed.
    """
    heard: list[float] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not heard or now - heard[0] > _TWICE:
            heard.append(now)
            raise KeyboardInterrupt

    for name in _ENDING:
        number = getattr(signal, name, None)
        # Under nohup a hangup is ignored, and has to stay so.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)


def main() -> None:
    """The entry point of the program."""
    _interrupt_at_signals()
    if sys.stderr is None:
        _open_stderr()
    end_at_once()
    # It would say, on every run, that it has no home to keep its list of fonts in.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    app()
