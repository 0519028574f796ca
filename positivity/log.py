"""The log of a run: a line for each event, for people or as JSON; nothing of tweets or tokens.

`event` may be called anywhere; without `logging_to` around it, it does nothing. Light to import:
what writes the lines is brought in when there is a log.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging

_handlers: "list[logging.Handler]" = []


def event(name: str, **fields: Any) -> None:
    """Log an event; fields that are None are left out."""
    for handler in _handlers:
        import logging

        known = {key: value for key, value in fields.items() if value is not None}
        handler.handle(logging.makeLogRecord({"msg": name, "fields": known}))


@contextmanager
def logging_to(path: Path | None, *, as_json: bool) -> Iterator[None]:
    """Within the block, events are added to a file, to stderr for "-", or nowhere for None.

    Raises:
        InputError: the file cannot be opened. If it cannot be written to later on, that is said
            once, and the run goes on.
    """
    if path is None:
        yield
        return
    from positivity.log_lines import log_handler

    handler = log_handler(path, as_json=as_json)
    _handlers.append(handler)
    try:
        yield
    finally:
        _handlers.remove(handler)
        with suppress(OSError):  # a full disk again, of which was told
            handler.close()
