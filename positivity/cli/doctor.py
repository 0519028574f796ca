"""`positivity doctor`: what works here, and what to do about what does not."""

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.errors import PositivityError, StateError
from positivity.report.sanitize import sanitize

if TYPE_CHECKING:
    from positivity.store.ledger import Spent

_OWN = StateError.exit_code  # what is wrong is on this machine
_OLDEST_PYTHON = (3, 11)
_RELEASED = datetime(2026, 11, 1, tzinfo=UTC)  # a clock before this is wrong
_SKEW = 60.0  # seconds that a clock may be off


class State(StrEnum):
    """What a check found."""

    OK = "ok"
    NOTE = "note"  # works, but there is something to know
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do if that is not well."""

    what: str
    state: State
    text: str
    exit_code: int = 0


def doctor_command(
    api: Annotated[
        bool, typer.Option("--api", help="Also ask X for one account, which costs a cent.")
    ] = False,
) -> None:
    """Check Python, torch, models, store, token and clock; each line says what to do.

    Example: positivity doctor --api
    """
    from positivity.report.output import report_output

    worst = 0
    with report_output(None) as out:
        for finding in findings(api):
            out.write(f"{finding.state:<5} {finding.what:<9} {sanitize(finding.text)}\n")
            out.flush()
            worst = worst or finding.exit_code
    if worst:
        raise typer.Exit(worst)


def findings(api: bool) -> Iterator[Finding]:
    """What is found, one after the other."""
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("python", _python),
        ("torch", _torch),
        ("onnx", _onnx),
        *((f"model {name}"[:20], lambda name=name: _model(name)) for name in _models()),
        ("settings", _settings),
        ("store", _store),
        ("token", _token),
        ("clock", _clock),
    ]
    if api:
        checks.append(("X's API", _api))
    for what, check in checks:
        try:
            yield check()
        except PositivityError as error:
            yield Finding(what, State.BAD, str(error), error.exit_code)
        except OSError as error:
            reason = f"{error.filename}: cannot be read ({error.strerror})"
            yield Finding(
                what, State.BAD, f"{reason}; set POSITIVITY_HOME to a folder of yours", _OWN
            )


def _python() -> Finding:
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < _OLDEST_PYTHON:
        return Finding("python", State.BAD, f"{text}: install Python 3.11 or newer", _OWN)
    return Finding("python", State.OK, text)


def _torch() -> Finding:
    try:
        from positivity.model.engine_torch import describe_device
    except (ImportError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else "broken"
        text = f"cannot be loaded ({reason}): install PyTorch again"
        return Finding("torch", State.BAD, text, _OWN)
    return Finding("torch", State.OK, describe_device())


def _onnx() -> Finding:
    try:
        from positivity.model.engine_onnx import describe
    except (ImportError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else "broken"
        text = f"ONNX Runtime cannot be loaded ({reason}): torch scores, and takes longer to start"
        return Finding("onnx", State.NOTE, text)
    return Finding("onnx", State.OK, describe())


def _models() -> list[str]:
    from positivity.model import registry

    return list(registry.names())


def _model(name: str) -> Finding:
    from positivity.model import registry

    directory = registry.load(name)
    files = len(registry.verify(directory.path))
    config = directory.config
    return Finding(
        "model", State.OK, f"{name}, version {config.version}: {files} files as they were saved"
    )


def _settings() -> Finding:
    from positivity.settings import DEFAULT, origins

    changed = [name for name, origin in origins().items() if origin.source != DEFAULT]
    text = f"changed: {', '.join(changed)}" if changed else "all as they come"
    return Finding("settings", State.OK, f"{text} ('positivity config' shows them)")


def _store() -> Finding:
    from positivity.check.money import many_posts
    from positivity.store import Store, require_room, store_path

    path = store_path()
    if not path.exists():
        return Finding("store", State.OK, f"none yet; the first check makes {path}")
    with Store(path) as store:
        store.database.check()
        accounts = store.accounts.all()
    require_room(path)  # without it no check reads anything
    posts = sum(account.tweets for account in accounts)
    named = "1 account" if len(accounts) == 1 else f"{len(accounts):,} accounts"
    size = path.stat().st_size / 1e6
    return Finding("store", State.OK, f"{path}: {named}, {many_posts(posts)}, {size:.1f} MB")


def _token() -> Finding:
    from positivity.tokens import NO_TOKEN, find_token, readable_by_others, token_path

    token = find_token()
    if token is None:
        return Finding("token", State.NOTE, NO_TOKEN)
    if readable_by_others():
        text = f"others may read it: chmod 600 '{token_path()}'"
        return Finding("token", State.BAD, text, 4)
    return Finding("token", State.OK, f"in {token.source}")


def _clock() -> Finding:
    now = datetime.now(UTC)
    text = f"{now:%Y-%m-%d %H:%M} UTC"
    if now < _RELEASED:
        return Finding("clock", State.BAD, f"{text} is in the past: set this machine's clock", _OWN)
    return Finding("clock", State.OK, text)


def _api() -> Finding:
    from positivity.check.money import Prices, shown
    from positivity.settings import load_settings
    from positivity.sources.x_api import XClient
    from positivity.tokens import need_token

    settings, token = load_settings(), need_token()
    spent = Prices(settings.post_price, settings.user_price).of(users=1)
    with XClient(token, api_url=settings.api_url, timeout=settings.timeout, max_wait=0) as client:
        try:
            client.probe()
        except KeyboardInterrupt:  # X may have answered, and then it has billed
            _book(spent)
            raise
        skew = client.clock_skew or 0.0
    _book(spent)
    cost = f"answers at {settings.api_url}; that cost {shown(spent.dollars)}"
    if abs(skew) > _SKEW:
        ahead = "ahead of" if skew > 0 else "behind"
        text = f"{cost}; this clock is {abs(skew):.0f} s {ahead} X's: set it, or waits go wrong"
        return Finding("X's API", State.BAD, text, _OWN)
    return Finding("X's API", State.OK, cost)


def _book(spent: "Spent") -> None:
    from positivity.cli.stored import open_store

    with open_store() as store:
        store.ledger.add(spent)
