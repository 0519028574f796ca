"""A name or a path -> a verified model directory; saving, loading, sharing as one file.

A model directory holds `config.json`, `model.safetensors`, the tokenizer's file, `normalizer.json`
(the tables its texts are normalized with), `metrics.json`, `quantification.json` (how it errs on
tweets of several domains), `MODEL_CARD.md` and `SHA256SUMS`, which `sha256sum -c` understands;
and `model.onnx`, made from the weights, where the light engine can run them. Nothing in it is
executed.
"""

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from positivity.errors import InputError, StateError, UsageError
from positivity.evaluation import LABELS, labels_of
from positivity.files import write_atomically
from positivity.recalibration import Recalibration
from positivity.settings import home
from positivity.text import normalize
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import Tokenizer, load_tokenizer

DEFAULT = "base"
RECURRENT = "recurrent"  # the kind of a network that does not say which it is
# Kinds of network that do something else than to classify tweets, and what with.
_OTHER_USES = {
    "tagger": "marks words; `positivity explain --method spans` uses it",
    "language_model": "writes text; `positivity generate` uses it",
}
FORMAT = 1
CONFIG, WEIGHTS, TABLES = "config.json", "model.safetensors", "normalizer.json"
LIGHT = "model.onnx"
LINEAR = "linear"  # the kind of what is no network: weights of words, added up
METRICS, CARD, SUMS = "metrics.json", "MODEL_CARD.md", "SHA256SUMS"
QUANTIFICATION = "quantification.json"
_LARGEST_SHARED_FILE = 1 << 30
NAME = re.compile(r"\w[\w.-]*")  # of a model, and so of a recipe: that of a folder of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """What a model directory says of itself."""

    name: str
    version: str
    description: str
    tokenizer: str  # its kind
    network: Mapping[str, Any]  # its kind, unless it is recurrent, and that kind's config
    temperature: float = 1.0  # calibration: probabilities = softmax(logits / temperature)
    normalizer_version: int = normalize.VERSION
    format: int = FORMAT

    @property
    def kind(self) -> str:
        """The kind of its network."""
        return str(self.network.get("kind", RECURRENT))

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that a classifier tells apart, in the order of its logits."""
        return labels_of(int(self.network.get("classes", len(LABELS))))


@dataclass(frozen=True, slots=True)
class ModelDirectory:
    """A model directory whose files are what they were when it was saved."""

    path: Path
    config: ModelConfig

    def normalizer(self) -> Normalizer:
        """What normalizes tweets for this model.

        Raises:
            StateError: its tables are not what this program knows.
        """
        try:
            return Normalizer(**json.loads((self.path / TABLES).read_text(encoding="utf-8")))
        except (TypeError, ValueError):
            raise StateError(
                f"{self.path}: damaged, or made by a newer positivity: {TABLES} cannot be used; "
                "update this one"
            ) from None

    def tokenizer(self) -> Tokenizer:
        return load_tokenizer(self.config.tokenizer, self.path)

    def metrics(self) -> dict[str, Any]:
        """The measured figures; empty for a model that was never evaluated."""
        path = self.path / METRICS
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}

    def require_classifier(self) -> None:
        """Refuses a model that does something else than to classify tweets.

        Raises:
            UsageError: saying what it is for.
        """
        if self.config.kind in _OTHER_USES:
            raise UsageError(
                f"{self.path}: this model scores no tweets: it {_OTHER_USES[self.config.kind]}"
            )

    def recalibration(self) -> Recalibration | None:
        """What shares are corrected with; None for a model without, or of another version."""
        path = self.path / QUANTIFICATION
        if not path.exists():
            return None
        return Recalibration.from_dict(json.loads(path.read_text(encoding="utf-8")))

    @property
    def digest(self) -> str:
        """What stands for the content of all its files."""
        return hashlib.sha256((self.path / SUMS).read_bytes()).hexdigest()[:16]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.stat().st_size for file in self.path.iterdir() if file.is_file())


def shipped() -> Path:
    """The folder of the models that come with the program.

    In a wheel it lies inside the package; in a checkout it is the repository's own.
    """
    inside = Path(__file__).parents[1] / "models"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "models"


def imported() -> Path:
    """The folder of the models that the user imported."""
    return home() / "models"


def names() -> dict[str, Path]:
    """Every model there is by name; an imported one comes before a shipped one of the same name."""
    found: dict[str, Path] = {}
    for folder in (shipped(), imported()):
        with suppress(OSError):  # there is none, or it is in the home of another user
            found |= {
                path.name: path for path in sorted(folder.iterdir()) if (path / SUMS).is_file()
            }
    return found


def find(name_or_path: str) -> Path:
    """The directory of a model.

    Raises:
        UsageError: there is none of this name, and no such folder.
    """
    known = names()
    if name_or_path in known:
        return known[name_or_path]
    path = Path(name_or_path)
    if name_or_path and path.is_dir():
        return path
    there = ", ".join(known) or "none"
    raise UsageError(
        f"no model {name_or_path!r}; there are: {there}. A path to a model directory works too"
    )


def load(name_or_path: str = DEFAULT, *, weights: bool = True) -> ModelDirectory:
    """A verified model directory; without `weights`, those are left unread and unverified.

    Raises:
        UsageError: there is no such model.
        StateError: it is damaged, tampered with, or from another version of this program.
    """
    path = find(name_or_path)
    verify(path, weights=weights)
    config = _read_config(path)
    if config.normalizer_version != normalize.VERSION:
        raise StateError(
            f"{path}: made for normalizer {config.normalizer_version}, this is "
            f"{normalize.VERSION}; train the model again, or use the positivity it came with"
        )
    return ModelDirectory(path, config)


def _read_config(path: Path) -> ModelConfig:
    try:
        content = json.loads((path / CONFIG).read_text(encoding="utf-8"))
    except ValueError:  # neither UTF-8 nor JSON
        content = None
    if not isinstance(content, dict):
        raise StateError(f"{path}: damaged: {CONFIG} does not say what the model is")
    if content.get("format") != FORMAT:
        raise StateError(
            f"{path}: model format {content.get('format')}, this program reads {FORMAT}; update it"
        )
    unknown = content.keys() - {each.name for each in fields(ModelConfig)}
    if unknown:
        raise StateError(
            f"{path}: made by a newer positivity ({', '.join(sorted(unknown))} is not known here); "
            "update this one"
        )
    try:
        return ModelConfig(**content)
    except TypeError as error:  # it says too little
        raise StateError(f"{path}: damaged: {CONFIG}: {error}") from None


def verify(path: Path, *, weights: bool = True) -> list[str]:
    """Compares every file of a model directory with its SHA-256; returns the files' names.

    Without `weights`, that file is not looked at.

    Raises:
        StateError: naming the file that is missing, changed or not listed.
    """
    names = verify_sums(path, unread=() if weights else (WEIGHTS,))
    if set(names) == {METRICS, CARD}:
        raise StateError(
            f"{path}: has figures and no model, as VADER's has, which scores no tweets"
        )
    for required in (CONFIG, WEIGHTS, TABLES):
        if required not in names:
            raise StateError(f"{path}: damaged: {SUMS} does not list {required}; install it again")
    return names


def verify_sums(path: Path, unread: Collection[str] = ()) -> list[str]:
    """Compares the files that a directory's sums list with them; returns their names.

    Files that are to be left `unread` need only be there.

    Raises:
        StateError: naming the file that is missing or changed.
    """
    try:
        lines = (path / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        inside = path / "model"
        hint = f"; there is one in {inside}" if (inside / SUMS).is_file() else ""
        raise StateError(
            f"{path}: not a complete model directory (no readable {SUMS}){hint}"
        ) from None
    pairs = (line.split("  ", 1) for line in lines if "  " in line)
    sums = {name: digest for digest, name in pairs}
    for name, expected in sums.items():
        file = path / name
        if Path(name).name != name or not file.is_file():
            raise StateError(f"{path}: damaged: {name} is missing; install it again")
        if name not in unread and hashlib.sha256(file.read_bytes()).hexdigest() != expected:
            raise StateError(
                f"{path}: {name} is not what was saved (its SHA-256 differs); install it again"
            )
    return list(sums)


def save(path: Path, config: ModelConfig, files: Mapping[str, bytes]) -> None:
    """Writes a model directory whole or not at all; one of the same path is replaced.

    Args:
        files: name -> content of all files but the config and the sums.
    """
    content = json.dumps(asdict(config), indent=2, ensure_ascii=False).encode() + b"\n"
    write_directory(path, {CONFIG: content, **files})


def add_files(directory: ModelDirectory, files: Mapping[str, bytes]) -> None:
    """Adds files to a model, or replaces those it has of these names."""
    before = {name: (directory.path / name).read_bytes() for name in verify(directory.path)}
    write_directory(directory.path, {**before, **files})


def write_directory(path: Path, files: Mapping[str, bytes]) -> None:
    """Writes files and their sums into a directory beside the wanted one, then renames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        for name, data in files.items():
            (staging / name).write_bytes(data)
        sums = "".join(
            f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())
        )
        (staging / SUMS).write_text(sums, encoding="utf-8")
        staging.chmod(0o755)
        _put_in_place(staging, path)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _put_in_place(staging: Path, path: Path) -> None:
    """Renames a directory to where another one may be, which comes back where that fails."""
    old = staging / ".old"
    try:
        if path.exists():
            path.rename(old)
        staging.rename(path)
    except BaseException:
        if old.exists() and not path.exists():
            old.rename(path)
        raise
    shutil.rmtree(path / ".old", ignore_errors=True)


def export(name_or_path: str, target: Path) -> Path:
    """Packs a verified model into one zip file to share; returns the file's path."""
    directory = load(name_or_path)
    if target.is_dir():
        target /= f"{directory.config.name}-{directory.config.version}.positivity.zip"
    with (
        write_atomically(target) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in [*verify(directory.path), SUMS]:
            packed.write(directory.path / name, name)
    return target


def import_(file: Path) -> ModelDirectory:
    """Unpacks a shared model among the user's own, once it is verified.

    Raises:
        InputError: not such a file.
        StateError: its content is damaged.
    """
    try:
        packed = zipfile.ZipFile(file)
    except FileNotFoundError:
        raise InputError(f"{file}: there is no such file; check the name and the folder") from None
    except (OSError, zipfile.BadZipFile):
        raise InputError(
            f"{file}: not a model file; `positivity models export` writes one"
        ) from None
    imported().mkdir(parents=True, exist_ok=True)
    with packed, tempfile.TemporaryDirectory(dir=imported(), prefix=".import.") as folder:
        unpacked = Path(folder)
        for name, data in _members(file, packed):
            (unpacked / name).write_bytes(data)
        try:
            name = load(str(unpacked)).config.name
        except StateError as error:
            raise StateError(str(error).replace(folder, str(file))) from None
        if not NAME.fullmatch(name):
            raise InputError(f"{file}: {name!r} cannot be the name of a model")
        content = {n: (unpacked / n).read_bytes() for n in verify(unpacked)}
    write_directory(imported() / name, content)
    return load(str(imported() / name))


def _members(file: Path, packed: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """The files of a packed model: plain names only, of a size that a model has."""
    if sum(member.file_size for member in packed.infolist()) > _LARGEST_SHARED_FILE:
        raise InputError(f"{file}: unpacks to more than a gigabyte; not a model file")
    for member in packed.infolist():
        if (
            member.is_dir()
            or Path(member.filename).name != member.filename
            or "\\" in member.filename
        ):
            raise InputError(f"{file}: holds {member.filename!r}, which a model file does not")
        try:
            yield member.filename, packed.read(member)
        except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError):
            raise InputError(f"{file}: {member.filename} in it is damaged") from None
