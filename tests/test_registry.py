"""Model directories: found, verified, shared; a damaged one is refused by name."""

import shutil
import zipfile
from pathlib import Path

import pytest

from positivity.errors import InputError, StateError, UsageError
from positivity.model import registry
from positivity.model.registry import ModelDirectory


@pytest.fixture
def copy(tiny_model: ModelDirectory, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model.path, tmp_path / "copy"))


def test_a_path_loads(tiny_model: ModelDirectory) -> None:
    assert registry.load(str(tiny_model.path)).config == tiny_model.config


def test_an_unknown_name_tells_what_there_is() -> None:
    with pytest.raises(UsageError, match="no model 'nope'; there are"):
        registry.load("nope")


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "normalizer.json", "metrics.json"]
)
def test_a_changed_file_is_refused(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(StateError, match=f"copy: {name} is not what was saved"):
        registry.load(str(copy))


@pytest.mark.parametrize("name", ["model.safetensors", "vocabulary.json"])
def test_a_missing_file_is_refused(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(StateError, match=f"{name} is missing"):
        registry.load(str(copy))


def test_half_a_directory_is_refused(copy: Path) -> None:
    (copy / "SHA256SUMS").unlink()
    with pytest.raises(StateError, match="not a complete model directory"):
        registry.load(str(copy))
    (copy / "SHA256SUMS").write_text("")
    with pytest.raises(StateError, match=r"does not list config\.json"):
        registry.load(str(copy))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('"normalizer_version": 1', '"normalizer_version": 0'), "made for normalizer 0"),
        (('"format": 1', '"format": 2'), "model format 2"),
        (('"format": 1', '"format": 1, "hue": 2'), r"newer positivity \(hue is not known"),
    ],
)
def test_a_model_of_another_version_is_refused(
    copy: Path, change: tuple[str, str], complaint: str
) -> None:
    files = {name: (copy / name).read_bytes() for name in registry.verify(copy)}
    files["config.json"] = files["config.json"].decode().replace(*change).encode()
    registry.write_directory(copy, files)
    with pytest.raises(StateError, match=complaint):
        registry.load(str(copy))


@pytest.mark.parametrize("config", [b"[1]", b"{", b"\xff\xfe", b'{"format": 1, "name": "x"}'])
def test_a_config_that_says_nothing_is_refused_also_from_a_shared_file(
    copy: Path, tmp_path: Path, config: bytes
) -> None:
    files = {name: (copy / name).read_bytes() for name in registry.verify(copy)}
    registry.write_directory(copy, files | {"config.json": config})
    with pytest.raises(StateError, match=r"copy: damaged: config\.json"):
        registry.load(str(copy))
    packed = {each.name: each.read_bytes() for each in copy.iterdir()}
    with pytest.raises(StateError, match=r"shared\.zip: damaged: config\.json"):
        registry.import_(_zip(tmp_path / "shared.zip", packed))


@pytest.mark.parametrize("tables", ['{"emoji": {}, "words": [], "hue": 2}', "{}", "[]", "no"])
def test_tables_that_are_not_known_are_refused(copy: Path, tables: str) -> None:
    files = {path.name: path.read_bytes() for path in copy.iterdir() if path.name != registry.SUMS}
    registry.write_directory(copy, files | {registry.TABLES: tables.encode()})
    with pytest.raises(StateError, match=r"made by a newer positivity: normalizer.json"):
        registry.load(str(copy)).normalizer()


def test_a_sum_cannot_point_out_of_the_directory(copy: Path) -> None:
    with (copy / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  ../../etc/passwd\n")
    with pytest.raises(StateError, match="missing"):
        registry.verify(copy)


def test_saving_replaces_the_whole_directory(copy: Path) -> None:
    (copy / "stale.txt").write_text("old")
    files = {name: (copy / name).read_bytes() for name in registry.verify(copy)}
    registry.write_directory(copy, files)
    assert not (copy / "stale.txt").exists()
    assert registry.verify(copy)
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_exported_and_imported_it_is_found_by_name(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    packed = registry.export(str(tiny_model.path), tmp_path)
    assert packed.name == "tiny-1.positivity.zip"
    imported = registry.import_(packed)
    assert imported.path == tmp_path / "home" / "models" / "tiny"
    assert registry.load("tiny").config == tiny_model.config
    assert [path.name for path in imported.path.parent.iterdir()] == ["tiny"]


def _zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def test_a_tampered_shared_file_is_refused(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    files = {path.name: path.read_bytes() for path in tiny_model.path.iterdir()}
    files["model.safetensors"] = files["model.safetensors"][:-1] + b"x"
    with pytest.raises(StateError, match=r"model\.safetensors is not what was saved"):
        registry.import_(_zip(tmp_path / "m.zip", files))
    assert registry.names().get("tiny") is None


@pytest.mark.parametrize("name", ["../evil", "a/b", "..\\evil", "/etc/x"])
def test_a_shared_file_cannot_write_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="which a model file does not"):
        registry.import_(_zip(tmp_path / "m.zip", {name: b"x"}))
    assert not (tmp_path / "evil").exists()


def test_something_else_is_not_a_shared_model(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("hello")
    with pytest.raises(InputError, match="not a model file"):
        registry.import_(tmp_path / "x.zip")
    with pytest.raises(InputError, match="there is no such file"):
        registry.import_(tmp_path / "missing.zip")


def test_what_was_there_comes_back_where_another_model_cannot_take_its_place(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        if target == copy and path.name != ".old":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        registry.write_directory(copy, {"config.json": b"{}"})
    assert registry.verify(copy)
    assert list(copy.parent.iterdir()) == [copy]
