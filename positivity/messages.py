"""What the program says beside its data: one line on stderr each."""

import sys

from positivity.report.sanitize import sanitize


def say(message: object) -> None:
    """Prints a line on stderr, with whatever came from outside made harmless."""
    if sys.stderr is not None:  # None when closed; print would then take stdout
        print(f"positivity: {sanitize(str(message))}", file=sys.stderr)
