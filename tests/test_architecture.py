"""Who may know whom: the rooms of the house, and the libraries that live in some of them only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "positivity"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

# A heavy library and where it may be imported.
LIBRARIES = {
    "torch": (
        *("model/network.py", "model/pairs.py", "model/elman.py", "model/kinds.py"),
        *("model/crf.py", "model/tagger.py"),
        *("model/convolutional.py", "model/hierarchical.py", "model/deepmoji.py"),
        *("model/engine_torch.py", "model/gradients.py", "training/"),
        *("model/cells.py", "model/inside.py", "model/language_model.py"),
    ),
    "onnxruntime": ("model/engine_onnx.py",),
    "onnx": ("training/light.py",),
    "safetensors": ("model/engine_torch.py", "model/engine_linear.py", "training/"),
    "tweepy": ("sources/x_api.py",),
    "requests": ("sources/x_api.py", "sources/x_transport.py", "sources/x_network.py"),
    "urllib3": ("sources/x_transport.py", "sources/x_network.py"),
    "emoji": ("text/emojis.py",),
    "rich": ("report/terminal", "report/reasons.py", "cli/"),
    "typer": ("cli/",),
    "pandas": ("analyzer.py", "training/", "spark.py"),
    "ray": ("cluster/ray_runner.py",),
    "pyspark": ("spark.py",),
    "fsspec": ("sources/urls.py",),
    "sentencepiece": ("text/tokenizer.py",),
    "matplotlib": ("training/", "report/"),
    "jinja2": ("report/html.py",),
    "sklearn": ("training/",),
    "vaderSentiment": ("training/",),
    "gensim": ("training/word_vectors.py",),
    "python_calamine": ("sources/excel.py",),
    "ftfy": ("sources/mojibake.py",),
    "xlsxwriter": ("report/tables.py",),
    "sqlite3": ("store/",),
    "keyring": ("tokens.py",),
}
# A room and the rooms that it must not know.
FORBIDDEN = {
    "sources/": ("model", "account", "training", "text", "cli"),
    "text/": ("model", "account", "training", "sources", "cli", "tweets"),
    "model/": ("tweets", "sources", "account", "training", "cli"),
    "account/": ("model", "sources", "training", "report", "text", "cli"),
    "report/": ("model", "training", "text", "cli"),
    "training/": ("account", "cli"),
    "store/": ("model", "account", "report", "training", "text", "cli"),
    "check/": ("training", "cli"),
    "cluster/": ("training", "cli"),
    "stream/": ("sources", "training", "report", "cli"),
}


def imports(module: str) -> set[str]:
    """All that a module imports anywhere in it, by full name."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("module", MODULES)
def test_heavy_libraries_keep_to_their_rooms(module: str) -> None:
    used = {name.split(".")[0] for name in imports(module)} & LIBRARIES.keys()
    assert [name for name in sorted(used) if not module.startswith(LIBRARIES[name])] == []


@pytest.mark.parametrize("module", MODULES)
def test_rooms_do_not_reach_where_they_must_not(module: str) -> None:
    own = {name.split(".")[1] for name in imports(module) if name.startswith("positivity.")}
    forbidden = {
        name for room, names in FORBIDDEN.items() if module.startswith(room) for name in names
    }
    assert own & forbidden == set()
    if not module.startswith("cli/") and module != "__main__.py":
        assert "cli" not in own


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after running some code."""
    script = f"{code}\nimport sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(result.stdout.splitlines()[-1].split())


def test_help_needs_nothing_heavy() -> None:
    heavy = {
        *("torch", "pandas", "tweepy", "pyarrow", "numpy", "emoji", "sentencepiece", "requests")
    }
    assert loaded_by("import positivity.cli") & heavy == set()
    assert loaded_by("import positivity") & heavy == set()


def test_scoring_needs_no_pandas_and_no_emoji_tables() -> None:
    code = "import positivity.stream.run, positivity.sources.files, positivity.model.engine_torch"
    unwanted = {"pandas", "tweepy", "emoji", "matplotlib", "ftfy", "xlsxwriter"}
    assert loaded_by(code) & unwanted == set()


@pytest.mark.parametrize("module", MODULES)
def test_no_room_is_crowded(module: str) -> None:
    lines = (PACKAGE / module).read_text(encoding="utf-8").count("\n")
    assert lines <= 420, f"{module} has {lines} lines: split it"
