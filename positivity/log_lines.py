"""Where lines of the log go, and how they look."""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from positivity.errors import InputError
from positivity.messages import say
from positivity.report.sanitize import sanitize

STDERR = Path("-")
# A job that nobody looks after must not fill the disk: three files of a megabyte at most.
_LARGEST, _OLDER = 1_000_000, 2


def log_handler(path: Path, *, as_json: bool) -> logging.Handler:
    """What writes lines to a file, or to stderr for "-".

    Raises:
        InputError: the file cannot be opened. If it cannot be written to later on, that is said
            once, and the run goes on.
    """
    handler = _opened(path)
    handler.setFormatter(_Lines(as_json=as_json))
    return handler


def _opened(path: Path) -> logging.Handler:
    if path == STDERR:
        return _ToStderr(sys.stderr)
    try:
        return _ToFile(path, maxBytes=_LARGEST, backupCount=_OLDER, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: the log cannot be written ({error.strerror or error}); name another file "
            "with --log-file, or log_file in the file of a job"
        ) from None


class _ToStderr(logging.StreamHandler[Any]):
    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: there is nowhere left to say it."""


class _ToFile(RotatingFileHandler):
    _said = False
    _saying = threading.Lock()

    def handleError(self, record: logging.LogRecord) -> None:
        """Say once that the log is not complete; the run is worth more than its log."""
        with self._saying:
            if not self._said:
                self._said = True
                error = sys.exc_info()[1]
                why = getattr(error, "strerror", None) or error
                say(f"{self.baseFilename}: the log cannot be written ({why})")


class _Lines(logging.Formatter):
    """`2026-11-21T07:15:02Z read account=@ada posts=12`, or the same as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields: dict[str, Any] = getattr(record, "fields", {})
        plain = {key: _plain(value) for key, value in fields.items()}
        if self._as_json:
            return json.dumps({"time": time, "event": record.getMessage(), **plain})
        pairs = [f"{key}={_quoted(value)}" for key, value in plain.items()]
        return " ".join([time, record.getMessage(), *pairs])


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 6)
    return sanitize(str(value))


def _quoted(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    return text if text and not set(text) & set(' "=') else json.dumps(text, ensure_ascii=False)
