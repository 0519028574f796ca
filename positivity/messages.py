"""What the program says beside its data: one line on stderr each."""

import os
import sys

from positivity.report.sanitize import sanitize


def say(message: object) -> None:
    """Prints a line on stderr, with whatever came from outside made harmless.

    Where that cannot be written to, as on a full disk, the run goes on without its words.
    """
    if sys.stderr is None:  # closed; print would then take stdout
        return
    try:
        print(f"positivity: {sanitize(str(message))}", file=sys.stderr, flush=True)
    except BrokenPipeError:  # whoever reads has seen enough
        raise
    except OSError:
        # Else Python would try again when it ends, and give that an exit code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
