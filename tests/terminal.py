"""A program at a terminal of its own, which answers it (POSIX only)."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PATIENCE = 90.0  # seconds


def converse(
    options: Sequence[str], question: str, answer: str, **environment: str
) -> tuple[int, str, str]:
    """Runs `positivity`, and answers a question; its exit code, stdout, and the terminal's screen.

    Standard input and standard error are the terminal, standard output is not.
    """
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "positivity", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    screen, ends = "", time.monotonic() + _PATIENCE
    try:
        while time.monotonic() < ends and select.select([ours], [], [], _PATIENCE)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:
                break
            if not part:
                break
            screen += part.decode("utf-8", "replace")
            if question and question in screen:
                os.write(ours, f"{answer}\n".encode())
                question = ""
        stdout = process.communicate(timeout=_PATIENCE)[0].decode()
    finally:
        os.close(ours)
        process.kill()
        process.wait()
    return process.returncode, stdout, screen


def on_a_terminal(*arguments: str) -> tuple[int, "subprocess.Popen[bytes]"]:
    """Our end of a terminal, and `positivity` at the other: it hears when we close ours."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "positivity", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    return ours, process
