"""Where a helper process begins: `helper.py` starts it, nobody else has a use for it."""

from positivity.fast_start import prepare_process


def main() -> None:
    """Scores what comes through standard input until it ends."""
    prepare_process()  # before all that takes time to import
    from positivity.stream.work import serve

    serve()
