"""A folder of scores: a file for each part, on disk or anywhere that fsspec writes.

    OUT/NAME.parquet                         the scores of a part
    OUT/_positivity/job.json                 what they were made with
    OUT/_positivity/NAME.json                the part is done, and what came of it
    OUT/_positivity/NAME.rows.parquet        what else is to be known of each row
    OUT/_positivity/NAME.keys                what the part's tweets are told apart by
    OUT/_positivity/NAME.rejects.parquet     the rows that could not be read, if any

Other programs that read folders of parquet files pass over names that begin with an underscore.
A part's `NAME.json` is written last, and every file appears as a whole: whoever is killed on the
way leaves nothing that counts.
"""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from positivity.cluster.parts import Part, ScoringRules
from positivity.errors import InputError, UsageError
from positivity.sources.folders import WORK
from positivity.sources.outcome import Outcome
from positivity.sources.urls import file_system, is_url, url_name

ROWS, KEYS, REJECTS = "rows.parquet", "keys", "rejects.parquet"  # of a part, after its name
_FORM = 2  # of the folder


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """What came of scoring a part."""

    key: str
    files: tuple[Outcome, ...]
    errors: tuple[str, ...]  # why files of it could not be opened
    keys: int  # tweets that can be told apart
    precision: str  # of the engine
    rejects: bool

    @property
    def is_whole(self) -> bool:
        """Whether there is nothing that another try could mend."""
        return not self.errors and not any(each.broke for each in self.files)


class ScoresFolder:
    """Where the scores of parts are kept."""

    def __init__(self, place: str) -> None:
        """`place` is a path or an address; nothing is made yet."""
        self.shown = url_name(place) if is_url(place) else place
        self._place = place if is_url(place) else str(Path(place).absolute())
        self._system, self._root = file_system(self._place)
        self._root = self._root.rstrip("/")

    def __reduce__(self) -> tuple[type["ScoresFolder"], tuple[str]]:
        return ScoresFolder, (self._place,)

    def scores(self, key: str) -> str:
        """The path of a part's scores."""
        return f"{self._root}/{key}.parquet"

    def work(self, name: str) -> str:
        """The path of a file beside the scores."""
        return f"{self._root}/{WORK}/{name}"

    def begin(self, rules: ScoringRules, *, resume: bool) -> None:
        """Makes the folder, or makes sure that what is in it can be gone on with.

        Raises:
            UsageError: it holds the scores of an earlier run, and it is not asked to go on with
                them, or these were made in another way.
            InputError: it cannot be written.
        """
        described = rules.described() | {"form": _FORM}
        before = self._read(self.work("job.json"))
        if before is not None and not resume:
            raise UsageError(
                f"{self.shown}: holds the scores of an earlier run; go on with it by --resume, or "
                "name another folder"
            )
        if before is not None and before != described:
            names = before.keys() | described
            changed = sorted(name for name in names if before.get(name) != described.get(name))
            raise UsageError(
                f"{self.shown}: was begun in another way (other: {', '.join(changed)}); give the "
                "same options, or name another folder"
            )
        if before is None:
            self._write(self.work("job.json"), described)

    def refuse_parts_in_it(self, parts: Sequence[Part]) -> None:
        """Complains of a part that lies where its scores would: a pattern for it names both.

        Raises:
            UsageError: there is one.
        """
        for part in parts:
            if part.path.endswith(".parquet") and _folder_of(part.path) == _real(self._place):
                raise UsageError(
                    f"--scores {self.shown}: {part.shown}, which is read, lies in it, and the next "
                    "run would read the scores as tweets; name another folder"
                )

    def done(self, part: Part) -> ScoredPart | None:
        """What came of scoring a part, if that is done and the part has not changed since."""
        found = self._read(self.work(f"{part.key}.json"))
        if found is None or not part.signature or found.pop("signature", None) != part.signature:
            return None
        try:
            files = tuple(
                Outcome(**{**each, "notes": tuple(each["notes"])}) for each in found.pop("files")
            )
            scored = ScoredPart(**{**found, "files": files, "errors": tuple(found["errors"])})
        except (KeyError, TypeError):
            return None  # not what this version writes: to be scored again
        return scored if scored.is_whole else None

    def finish(self, part: Part, scored: ScoredPart) -> None:
        """Writes down that a part is done; all its files are there."""
        self._write(self.work(f"{part.key}.json"), asdict(scored) | {"signature": part.signature})

    def open(self, path: str) -> Any:
        """A file of the folder, open for reading.

        Raises:
            InputError: it cannot be read.
        """
        try:
            return self._system.open(path, "rb")
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error})") from None

    def bytes_at(self, path: str, start: int, end: int) -> bytes:
        """Some bytes of a file of the folder.

        Raises:
            InputError: they cannot be read.
        """
        try:
            found: bytes = self._system.cat_file(path, start=start, end=end)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error})") from None
        return found

    def put(self, local: Path, path: str) -> None:
        """Copies a file into the folder, where it appears as a whole.

        Raises:
            InputError: it cannot be written.
        """
        folder, _, name = path.rpartition("/")
        unfinished = f"{folder}/.{name}.{os.getpid()}.part"
        try:
            self._system.makedirs(folder, exist_ok=True)
            self._system.put_file(str(local), unfinished)
            self._system.mv(unfinished, path)
        except Exception as error:  # each kind of storage has errors of its own
            with suppress(Exception):
                self._system.rm_file(unfinished)
            raise InputError(
                f"{self.shown}: cannot be written ({error}); choose another place"
            ) from error

    def others(self, parts: Sequence[Part]) -> int:
        """How many parts the folder holds beside these."""
        known = {f"{part.key}.parquet" for part in parts}
        names = (path.rpartition("/")[2] for path in self._system.ls(self._root, detail=False))
        return sum(name.endswith(".parquet") and name not in known for name in names)

    def _read(self, path: str) -> dict[str, Any] | None:
        try:
            found = json.loads(self._system.cat_file(path))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _write(self, path: str, value: Mapping[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / "file"
            local.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
            self.put(local, path)


def _folder_of(path: str) -> str:
    return _real(path.rpartition("/")[0] if is_url(path) else str(Path(path).absolute().parent))


def _real(folder: str) -> str:
    """What all names of one folder share."""
    return folder.rstrip("/") if is_url(folder) else os.path.realpath(folder)
