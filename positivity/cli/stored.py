"""What the commands on accounts share: the store, the options of a report, writing reports."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from positivity.cli.options import IncludeRetweets, ReportFormat, moment, time_zone
from positivity.cli.reports import Place, write_reports
from positivity.cli.subjects import told_apart
from positivity.errors import PositivityError, StateError, UsageError
from positivity.messages import say
from positivity.sources.handles import HANDLE, parse_handle

if TYPE_CHECKING:
    from positivity.account.report import Report
    from positivity.check.scoring import Question
    from positivity.store import Store, StoredAccount


def question(
    since: str | None,
    until: str | None,
    timezone: str,
    include: Sequence[IncludeRetweets] | None,
    language: str | None,
) -> "Question":
    """What the options ask for; raises UsageError for one that cannot be used."""
    from positivity.check.scoring import Question

    zone = time_zone(timezone)
    return Question(
        zone=zone,
        since=moment("--since", since, zone),
        until=moment("--until", until, zone, end=True),
        include_retweets=IncludeRetweets.RETWEETS in (include or []),
        language=language,
    )


def open_store(*, reading: bool = False) -> "Store":
    """This user's store; where nothing has to be kept, it may be one that can only be read.

    Raises:
        StateError: the store cannot be used.
    """
    from positivity.store import Store, store_path

    return Store(store_path(), reading=reading)


def open_store_to_check(*, keep: bool, counting: bool) -> "Store":
    """This user's store; or one in memory, whose only trace is in the usage by month.

    Args:
        counting: whether a budget depends on that usage.

    Raises:
        StateError: the store cannot be used, and has to be.
    """
    from positivity.store import Store, Unwritable, store_path

    if keep:
        try:
            return open_store()
        except Unwritable as error:
            raise Unwritable(f"{error}, or use 'positivity check --no-store'") from None
    try:
        return Store(None, usage=store_path())
    except StateError as error:
        if counting:  # a budget that nothing counts for would be there anew for every run
            raise
        say(f"what is spent will not stand in 'positivity usage': {error}")
        return Store(None)


def stored_account(store: "Store", text: str) -> "StoredAccount":
    """The account of a handle that was checked before; raises UsageError when there is none."""
    handle = parse_handle(text)
    account = store.accounts.find(handle)
    if account is None:
        raise UsageError(
            f"@{handle}: nothing of it is in the store; 'positivity check @{handle}' reads it"
        )
    return account


def account_meant(name: str) -> str | None:
    """What to say of an account of the store where it is named without @ and there is no such file.

    None if there is none, or such a file.
    """
    from positivity.store import store_path

    if HANDLE.fullmatch(name) is None or Path(name).exists():
        return None
    with suppress(PositivityError, OSError):  # which is no reason not to say that no file is there
        if store_path().is_file():
            with open_store(reading=True) as store:
                found = store.accounts.find(name)
            if found is not None:
                return f"@{found.handle} is in the store: write @{found.handle}"
    return None


def stored_accounts(store: "Store", texts: Sequence[str]) -> "list[StoredAccount]":
    """The accounts of some handles, each once; of none, all that have tweets.

    A handle may have changed its owner: then the one who had it before gets a number behind it.

    Raises:
        UsageError: nothing of one of them is in the store, or nothing at all.
    """
    if texts:
        named = [stored_account(store, text) for text in texts]
        return list({account.id: account for account in named}.values())
    found = [account for account in store.accounts.all() if account.tweets]
    if not found:
        raise UsageError("the store has no posts; 'positivity check @handle' reads those of one")
    names = told_apart(account.handle.lower() for account in found)
    return [
        account if name == account.handle.lower() else replace(account, handle=name)
        for account, name in zip(found, names, strict=True)
    ]


def write_account_reports(
    reports: Sequence["Report"], format: ReportFormat, output: Place, *, table: bool
) -> None:
    """Writes reports on accounts: in full, or on a terminal as a table."""
    write_reports(reports, format, output, table=table, notes=_own_limits(reports))


def _own_limits(reports: Sequence["Report"]) -> list[str]:
    """What limits some of the subjects of a table; but how sure each is, the table shows."""
    from positivity.check.notes import SURE

    return [
        f"{report.subject}: {limit}"
        for report in reports
        for limit in report.limits
        if not limit.startswith(SURE) and any(limit not in other.limits for other in reports)
    ]
