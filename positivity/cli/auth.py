"""`positivity auth`: the token of X's API."""

import sys

import typer

from positivity.errors import AccessError, UsageError

app = typer.Typer(no_args_is_help=True, help="Store, look for and remove the token of X's API.")

_LONGEST = 10_000


@app.command("set", context_settings={"allow_extra_args": True})
def set_command(context: typer.Context) -> None:
    """Store the Bearer Token of your app on X, typed unseen or from standard input.

    It goes into the system's keyring if there is one, else into a file that only you can read.

    Example: positivity auth set < token.txt
    """
    from positivity.tokens import VARIABLE, find_token, store_token

    if context.args:  # not left to the parser, which repeats what it does not know
        raise UsageError(
            "a token is no argument, which other users of this machine could see: run "
            "'positivity auth set' and type it, or 'positivity auth set < token.txt'"
        )
    where = store_token(_given())
    _print(f"stored in {where}")
    found = find_token()
    if found is not None and found.source == f"${VARIABLE}":
        _print(f"note: {VARIABLE} is set and wins as long as it is")


def _given() -> str:
    """The token from the terminal, unseen, or from standard input."""
    if sys.stdin is None:
        raise UsageError("standard input is closed; give the token there")
    if sys.stdin.isatty():
        try:
            return str(typer.prompt("Bearer Token", hide_input=True, err=True))
        except typer.Abort:
            raise KeyboardInterrupt from None
    return sys.stdin.buffer.read(_LONGEST).decode("utf-8-sig", "replace")


def _print(text: str) -> None:
    from positivity.report.output import report_output

    with report_output(None) as out:
        out.write(f"{text}\n")


@app.command("status")
def status_command() -> None:
    """Say whether there is a token and where it is kept, without showing it.

    Example: positivity auth status
    """
    from positivity.tokens import NO_TOKEN, find_token, readable_by_others, token_path

    token = find_token()
    if token is None:
        raise AccessError(NO_TOKEN)
    _print(f"there is a token, in {token.source}")
    if readable_by_others():
        _print(f"others on this machine may read it: chmod 600 '{token_path()}'")


@app.command("remove")
def remove_command() -> None:
    """Delete the stored token.

    Example: positivity auth remove
    """
    from positivity.tokens import VARIABLE, find_token, remove_token

    removed = remove_token()
    _print(f"removed from {' and '.join(removed)}" if removed else "no token was stored")
    if find_token() is not None:
        _print(f"note: {VARIABLE} still holds one; unset it")
