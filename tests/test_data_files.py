"""The files that recipes need: what is said without them, and how the documents make them."""

import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.errors import InputError
from positivity.model.registry import shipped
from positivity.training.lab.plan import lab_recipes
from positivity.training.labelled import read_labelled
from positivity.training.recipe import Recipe, Source, read_recipe
from positivity.training.recipe_sources import missing_files

DOCUMENT = (Path(__file__).parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
SHORT = ("negative", "neutral", "positive")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with an empty one for data."""
    place = tmp_path / "work"
    (place / "DATA").mkdir(parents=True)
    monkeypatch.chdir(place)
    return place


def positivity(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("recipe", ["elman", "vader", "teacher", "base"])
def test_training_without_the_files_leaves_nothing_behind(folder: Path, recipe: str) -> None:
    result = positivity("train", recipe, "--data", "DATA")
    assert result.exit_code == 3
    (line,) = result.stderr.splitlines()
    assert f"which {recipe} needs; docs/training.md" in line
    assert "DATA: has no " in line
    assert "labelled.parquet" in line
    assert [path.name for path in folder.iterdir()] == ["DATA"]


def test_a_lab_without_the_files_says_where_it_stands_what_is_in_them() -> None:
    result = positivity("lab", "elman", "--data", "DATA")
    assert "elman: needs labelled.parquet, not at hand; docs/training.md says" in result.stderr


def test_a_lab_wants_a_folder(folder: Path) -> None:
    (folder / "some.parquet").write_bytes(b"")
    file = positivity("lab", "elman", "--data", "some.parquet")
    nothing = positivity("lab", "elman", "--data", "none")
    assert file.stderr == ("positivity: some.parquet: is a file; give the folder that it is in\n")
    assert "none: no such folder" in nothing.stderr
    assert (file.exit_code, nothing.exit_code) == (3, 3)


@pytest.mark.parametrize("name", ["none.parquet", "none.csv", "none.jsonl", "none.tsv"])
def test_a_labelled_file_that_is_not_there(name: str) -> None:
    with pytest.raises(InputError, match=f"{name}: there is no such file; check"):
        read_labelled(Path(name), Source(file=name))


def test_the_document_makes_a_file_that_the_lab_reads(folder: Path) -> None:
    def write(name: str, header: str, separator: str) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        rows = [header] if header else []
        for i in range(240):
            cells = [str(i), f"tweet {i} of {path.stem}", (*SHORT, "irrelevant")[i % 4]]
            rows.append(separator.join(cells if header else [cells[0], cells[2], cells[1]]))
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")

    write("twitter-2013train-A.txt", "", "\t")
    write("twitter-2016train-A.txt", "", "\t")
    write("kaggle/train.csv", "textID,text,sentiment", ",")
    write("sanders.csv", "TweetId,TweetText,Sentiment", ",")
    write("dong2014.csv", "id,text,label", ",")
    (code,) = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)
    exec(compile(code, "docs/training.md", "exec"), {})

    made = pd.read_parquet("DATA/labelled.parquet")
    assert set(made.columns) == {"dataset", "split", "id", "topic", "label", "text"}
    assert set(made["label"]) == set(SHORT)
    assert len(made) == 5 * 180
    assert (made.groupby("text")["split"].nunique() == 1).all()
    recipe = read_recipe(shipped() / "recipes" / "elman.toml")
    assert isinstance(recipe, Recipe)
    assert missing_files(recipe, Path("DATA")) == []
    for source in (*recipe.train, *recipe.dev, *recipe.eval):
        tweets = read_labelled(Path("DATA") / source.file, source)
        assert set(tweets.cues) <= set(SHORT)


def test_the_document_has_every_file_that_a_shipped_recipe_names(folder: Path) -> None:
    table = DOCUMENT.partition("## Files of DATA")[2].partition("\nIn `labelled")[0]
    rows = [row.split("|")[1:-1] for row in table.splitlines() if row.startswith("| `")]
    for path in (shipped() / "recipes").glob("*.toml"):
        for name in missing_files(read_recipe(path), folder):
            ((_, _, users),) = [
                row for row in rows if name.startswith(row[0].strip(" `")) or f"`{name}`" in row[0]
            ]
            named = f"`{path.stem}`" in users
            assert named or path.stem == "lab" or "all but" in users, f"{name} of {path.stem}"


def test_what_the_document_says_of_the_lab_s_sets() -> None:
    said = DOCUMENT.partition("Those of the lab take")[2].partition("each must have a row")[0]
    for path in lab_recipes(shipped() / "recipes"):
        recipe = read_recipe(path)
        assert isinstance(recipe, Recipe)
        for source in (*recipe.train, *recipe.dev, *recipe.eval):
            sets = source.keep.get("dataset", [])
            for name in [sets] if isinstance(sets, str) else sets:
                year = re.fullmatch(r"semeval201[3456]", name)
                assert year or f"`{name}`" in said, f"{name} of {path.stem}"


def test_probabilities_that_are_words_are_told_with_their_column(tmp_path: Path) -> None:
    path = tmp_path / "soft.csv"
    path.write_text("text,bad,so,good\nlove it,none,a bit,much\n")
    with pytest.raises(InputError, match=r"soft\.csv: column 'bad' is not of numbers"):
        read_labelled(path, Source(probabilities=("bad", "so", "good")))
