"""`positivity forget`: deletes all that is kept of accounts."""

from contextlib import suppress
from typing import Annotated

import typer

from positivity.errors import PARTLY_DONE, UsageError
from positivity.messages import say


def forget_command(
    handles: Annotated[list[str], typer.Argument(help="Handles that were checked before.")],
) -> None:
    """Delete all that is kept of accounts: posts, scores, reports. Only the sums of usage stay.

    Example: positivity forget @nasa
    """
    from positivity.check.money import many_posts
    from positivity.cli.stored import open_store
    from positivity.sources.handles import parse_handle
    from positivity.store import account_lock

    missing, forgotten = [], 0
    with open_store() as store:
        for handle in {name.lower(): name for name in map(parse_handle, handles)}.values():
            accounts = store.accounts.named(handle)
            if not accounts:
                missing.append(f"@{handle}")
                continue
            with account_lock(handle) as lock:
                for account in accounts:
                    store.accounts.forget(account.id)
                store.database.clean()
                with suppress(OSError):
                    lock.unlink()
            posts = sum(account.tweets for account in accounts)
            say(f"@{handle}: forgotten, with {many_posts(posts)}")
            forgotten += 1
    if missing:
        nothing = f"nothing of {', '.join(missing)} is in the store"
        if not forgotten:
            raise UsageError(nothing)
        say(nothing)
        raise typer.Exit(PARTLY_DONE)
