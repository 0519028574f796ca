"""The parts that a large job is cut into: the files that it names, each scored by itself."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from positivity import __version__
from positivity.errors import InputError, UsageError
from positivity.sources.archive_names import archives_in
from positivity.sources.exports import X_ARCHIVE
from positivity.sources.folders import Folder
from positivity.sources.reading import ReadOptions
from positivity.sources.several import may_hold_tweets
from positivity.sources.urls import STDIN, expand, file_system, is_url, url_name

_STEM_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringRules:
    """All that the scores of a part depend on, beside the part."""

    options: ReadOptions
    include_retweets: bool
    language: str | None
    since: datetime | None
    until: datetime | None
    by_file: bool  # a tweet may come once in each file, rather than once
    model: str
    model_digest: str
    device: str
    engine: str

    def described(self) -> dict[str, Any]:
        """The same as JSON: what must not change while a folder of scores is filled."""
        described = asdict(self) | {
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "positivity": __version__,
        }
        del described["model"]  # the same model may lie elsewhere
        return described


@dataclass(frozen=True, slots=True)
class Part:
    """A file to be scored, or an archive that holds several."""

    path: str  # as the user named it
    key: str  # what its files in a folder of scores are called
    signature: str  # changes when the file does; "" when it cannot be looked at

    @property
    def shown(self) -> str:
        """Its name in messages."""
        return url_name(self.path) if is_url(self.path) else self.path


def parts_of(paths: Sequence[str], options: ReadOptions) -> list[Part]:
    """The parts that these paths, folders, addresses and patterns of addresses stand for, in order.

    A folder on disk is as many parts as it has files, unless there is an X archive in it.

    Raises:
        InputError: an address or a folder is empty or cannot be listed.
        UsageError: standard input, which can be read only once and only here.
    """
    found: list[str] = []
    for path in paths:
        if path == STDIN:
            raise UsageError("a folder of scores is made from files: standard input cannot be used")
        found += expand(path) if is_url(path) else _in_folder(path, options)
    return [_part(path) for path in dict.fromkeys(found)]


def _in_folder(path: str, options: ReadOptions) -> list[str]:
    """The files of a folder that may hold tweets, or the path alone."""
    try:
        if not path or not Path(path).is_dir():
            return [path]
    except (OSError, ValueError):
        return [path]  # no name that a file could have: opening it will say so
    names = Folder(path).names
    if options.format == X_ARCHIVE or (options.format is None and archives_in(names)):
        return [path]
    return [str(Path(path) / name) for name in names if may_hold_tweets(name)] or [path]


def _part(path: str) -> Part:
    place = path if is_url(path) else str(Path(path).absolute())
    digest = blake2b(place.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
    name = url_name(path).rstrip("/").rpartition("/")[2] if is_url(path) else Path(path).name
    stem = name.partition(".")[0]
    plain = "".join(each if each.isalnum() or each in "_-" else "_" for each in stem)
    key = f"{plain[:_STEM_CHARS].lstrip('_') or 'part'}-{digest}"
    return Part(path, key, _signature(path))


def _signature(path: str) -> str:
    try:
        system, inner = file_system(path if is_url(path) else str(Path(path).absolute()))
        return str(system.ukey(inner))
    except (OSError, ValueError, UsageError, InputError):
        return ""
