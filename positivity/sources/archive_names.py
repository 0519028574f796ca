"""Which files of a folder or zip archive are the archive of an account that X gives its owner.

New are `data/tweets.js` with its parts, and files of long posts, of the account, of likes and much
else. Old, from 2012 to 2019, are `data/js/tweets/2012_01.js` and the same in `tweets.csv`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from positivity.sources.js_array import variable_of

_PART = r"(?:-part(\d+))?\.js"
_TWEETS = re.compile(rf"tweets?{_PART}")
_NOTES = re.compile(rf"note-tweets?{_PART}")
_COMMUNITY = re.compile(rf"community-tweets?{_PART}")
_DELETED = re.compile(rf"deleted-tweets?{_PART}")
_DELETED_NOTES = re.compile(rf"deleted-note-tweets?{_PART}")
_MONTH = re.compile(r"\d{4}_\d{2}\.js")
_MONTH_TABLE = re.compile(r"\d{4}_\d{2}\.csv")
_MONTHS_FOLDER = "data/js/tweets/"
_TABLES_FOLDER = "data/csv/"
_OF_TWEETS = re.compile(r"window\.YTD\.tweets?\.part\d+|Grailbird\.data\.tweets_\d{4}_\d{2}")


@dataclass(frozen=True, kw_only=True)
class ArchiveNames:
    """Which files of a container are those of one archive."""

    root: str = ""  # what the names of all its files begin with
    data: str | None = None  # the same for those that nothing else can be among
    tweets: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()  # of the old kind: its tweets once more
    notes: tuple[str, ...] = ()
    community: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    deleted_notes: tuple[str, ...] = ()
    account: tuple[str, ...] = ()  # where the handle may stand

    def owns(self, name: str) -> bool:
        """Whether a file belongs to the archive."""
        if self.data is not None and name.startswith(self.data):
            return True
        return name in self.tables or (name.startswith(self.root) and "_media/" in name)


def archives_in(names: Sequence[str]) -> list[ArchiveNames]:
    """The X archives among the files of a folder or zip archive; they may lie in folders of it."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folder, slash, file = name.rpartition("/")
        folders.setdefault(folder + slash, []).append(file)
    found = []
    for folder, files in folders.items():
        if any(map(_TWEETS.fullmatch, files)) and not folder.endswith("assets/js/"):
            found.append(_new_archive(folder, files))
        elif any(map(_MONTH.fullmatch, files)) and (not folder or folder.endswith("tweets/")):
            found.append(_old_archive(folder.removesuffix(_MONTHS_FOLDER), folder, folders))
        elif folder.endswith(_TABLES_FOLDER) and any(map(_MONTH_TABLE.fullmatch, files)):
            root = folder.removesuffix(_TABLES_FOLDER)
            if root + _MONTHS_FOLDER not in folders:
                found.append(_old_archive(root, None, folders))
    return found


def _new_archive(folder: str, files: Sequence[str]) -> ArchiveNames:
    def parts(pattern: re.Pattern[str]) -> tuple[str, ...]:
        matches = filter(None, map(pattern.fullmatch, files))
        ordered = sorted(matches, key=lambda match: int(match[1] or 0))
        return tuple(folder + match[0] for match in ordered)

    is_data = folder == "data/" or folder.endswith("/data/")
    return ArchiveNames(
        root=folder.removesuffix("data/") if is_data else folder,
        data=folder if is_data else None,
        tweets=parts(_TWEETS),
        notes=parts(_NOTES),
        community=parts(_COMMUNITY),
        deleted=parts(_DELETED),
        deleted_notes=parts(_DELETED_NOTES),
        account=tuple(folder + name for name in ("account.js", "manifest.js") if name in files),
    )


def _old_archive(
    root: str, months: str | None, folders: Mapping[str, Sequence[str]]
) -> ArchiveNames:
    def matching(folder: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
        return tuple(folder + name for name in folders.get(folder, ()) if pattern.fullmatch(name))

    one_table = "tweets.csv" in folders.get(root, ())
    details = "user_details.js" in folders.get(root + "data/js/", ())
    tables = (root + "tweets.csv",) if one_table else matching(root + _TABLES_FOLDER, _MONTH_TABLE)
    return ArchiveNames(
        root=root,
        data=None if months == root else root + "data/",
        tweets=() if months is None else matching(months, _MONTH),
        tables=tables,
        account=(root + "data/js/user_details.js",) if details else (),
    )


def is_part(text: str) -> bool:
    """Whether a text that begins like this is a file of tweets out of an X archive."""
    return bool(_OF_TWEETS.fullmatch(variable_of(text) or ""))
