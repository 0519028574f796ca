"""The lab's parts: which runs it compares, what a row says, how the table is written."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from positivity.errors import InputError
from positivity.model import registry
from positivity.training.clock import Clock, read_times
from positivity.training.lab.curves import curve_of, draw_curves
from positivity.training.lab.notebook import Notebook, notebook_to_go_on, read_notebook
from positivity.training.lab.pace import EVENING, TooLong, within
from positivity.training.lab.plan import Entry, entry, lab_recipes
from positivity.training.lab.results import Figure, Row, row_of
from positivity.training.lab.same_data import notes_on_data
from positivity.training.lab.speed import Rate, measure_rates
from positivity.training.lab.table import (
    check_document,
    notes_of,
    parts_of,
    to_dict,
    to_markdown,
    write_into,
)
from positivity.training.labelled import Data
from positivity.training.loop import Record, Step
from positivity.training.recipe import (
    PretrainingRecipe,
    Recipe,
    Source,
    TokenizerRecipe,
    read_recipe,
)
from positivity.training.recipe_sources import missing
from positivity.training.run_folder import holds_another, same_recipe_as_before

SHARED = 'name = "shared"\n[[train]]\nfile = "train.csv"\n[[eval]]\nname = "e"\nfile = "dev.csv"\n'


def recipes(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "lab.toml").write_text(SHARED)
    for name, text in texts.items():
        content = f'extends = "lab"\nname = "{name}"\n{text}'
        (folder / f"{name}.toml").write_text(content)
    return folder


def finished(
    each: Entry, seed: int = 0, *, three: float | None = None, two: float | None = None, **more: Any
) -> None:
    """A run of a recipe as it is on disk when it is done."""
    run = each.runs[seed]
    run.model.mkdir(parents=True)
    same_recipe_as_before(run.folder, run.recipe)
    figures = {"macro_recall": three, "two_class_macro_recall": two}
    sets = {"e": {name: value for name, value in figures.items() if value is not None}}
    content = {"eval": sets if three or two else {}, "dev": {}, "weights": 1234, **more}
    (run.model / "metrics.json").write_text(json.dumps(content))
    (run.folder / "times.json").write_text(
        json.dumps({"device": "cpu", "seconds": 500, "cpu_seconds": 90 + 60 * seed})
    )


def test_the_lab_s_recipes_are_those_that_extend_it_in_the_order_of_the_story(
    tmp_path: Path,
) -> None:
    folder = recipes(tmp_path, lstm="", elman="", zebra="", cnn="")
    (folder / "other.toml").write_text('name = "other"\n')
    (folder / "zebra-two.toml").write_text('extends = "zebra"\nname = "zebra-two"\n')
    names = [path.stem for path in lab_recipes(folder)]
    assert names == ["elman", "lstm", "cnn", "zebra", "zebra-two"]


def test_the_document_has_a_place_for_the_table_and_tells_of_every_recipe_that_ships() -> None:
    document = Path(__file__).parents[1] / "docs" / "lab.md"
    check_document(document)
    story = document.read_text(encoding="utf-8").partition("<!-- /lab -->")[2]
    names = [path.stem for path in lab_recipes(registry.shipped() / "recipes")]
    assert {"majority", "vader", "logreg"} <= set(names)
    assert [name for name in names if f"`{name}`" not in story] == []


def test_seeds_have_folders_of_their_own_and_the_first_is_that_of_train(tmp_path: Path) -> None:
    folder = recipes(tmp_path / "r", lstm="seed = 7\n", vader='[floor]\nkind = "vader"\n')
    each = entry(folder / "lstm.toml", tmp_path / "runs", 3)
    assert [run.folder.name for run in each.runs] == ["lstm", "lstm-seed8", "lstm-seed9"]
    assert [run.recipe.seed for run in each.runs] == [7, 8, 9]
    assert len(entry(folder / "vader.toml", tmp_path / "runs", 3).runs) == 1  # no chance in it


def test_a_run_is_finished_only_for_the_recipe_and_seed_that_it_is_of(tmp_path: Path) -> None:
    folder = recipes(tmp_path / "r", lstm="")
    each = entry(folder / "lstm.toml", tmp_path / "runs", 1)
    assert not each.runs[0].is_finished()
    finished(each, three=0.5)
    assert each.runs[0].is_finished()
    changed = replace(each.runs[0], recipe=replace(each.recipe, seed=2))
    assert not changed.is_finished()


def test_a_run_from_before_recipes_had_a_key_is_still_this_recipe_s(tmp_path: Path) -> None:
    recipe = read_recipe(Path(__file__).parents[1] / "models" / "recipes" / "base.toml")
    teacher = read_recipe(Path(__file__).parents[1] / "models" / "recipes" / "teacher.toml")
    for each in (recipe, teacher):
        folder = tmp_path / each.name
        folder.mkdir()
        assert not holds_another(folder, each)
        same_recipe_as_before(folder, each)
        assert not holds_another(folder, each)
        content = json.loads((folder / "recipe.json").read_text())
        del content["train"][0]["sample"], content["training"]["clip"]
        (folder / "recipe.json").write_text(json.dumps(content))
        assert not holds_another(folder, each)
        others: tuple[Any, ...] = (content | {"seed": 99}, content | {"new": 1}, [])
        for changed in others:
            (folder / "recipe.json").write_text(json.dumps(changed))
            assert holds_another(folder, each)
        (folder / "recipe.json").write_text("{")
        assert holds_another(folder, each)


def test_what_a_recipe_lacks_is_told_wherever_it_names_it(tmp_path: Path) -> None:
    (tmp_path / "here.csv").write_text("x")
    recipe = Recipe(
        name="x",
        tokenizer=TokenizerRecipe(corpus=(Source(file="words.txt"),)),
        train=(Source(file="here.csv"), Source(file="aclImdb/train"), Source(teacher="wise")),
        eval=(Source(file="aclImdb/train"),),
        embeddings="vectors.bin",
        pretraining=PretrainingRecipe(train=(Source(file="emoji.parquet"),)),
    )
    runs = tmp_path / "runs"
    lacking = ["words.txt", "emoji.parquet", "aclImdb/train", "wise/soft_labels.parquet"]
    assert missing(recipe, Data(tmp_path, runs)) == [*lacking, "vectors.bin"]
    runs.mkdir()
    (runs / "vectors.bin").write_bytes(b"")
    assert missing(recipe, Data(tmp_path, runs)) == lacking


def steps(count: int, seconds_each: float, now: list[float]) -> Any:
    for i in range(1, count + 1):
        now[0] += seconds_each
        yield Step(i, count, 0.0)


def test_a_training_that_would_take_too_long_is_stopped_after_a_minute() -> None:
    now = [0.0]
    seen = []
    with pytest.raises(TooLong, match="about 5 hours") as error:
        for each in within(steps(1000, 18.0, now), EVENING, clock=lambda: now[0]):
            seen.append(each.step)
    assert error.value.seconds == pytest.approx(999 * 18)
    assert len(seen) == 5  # 72 seconds after the first
    assert error.value.exit_code == 6


def test_a_training_that_will_be_done_in_time_goes_on_to_its_end() -> None:
    now = [0.0]
    count = sum(1 for _ in within(steps(1000, 14.0, now), EVENING, clock=lambda: now[0]))
    assert count == 1000
    both = [*steps(10, 0.0, now), *steps(20, 0.0, now), *steps(20, 0.0, now)]  # pre-training, too
    assert sum(1 for _ in within(iter(both), EVENING)) == 50
    # Once slow at the beginning, and resumed late: it is what is left that counts.
    late = (Record(900 + i, 1000, 1, 0.0, 0.0, {}, False) for i in range(100))
    assert sum(1 for _ in within(late, EVENING, clock=lambda: now[0])) == 100


def test_a_clock_goes_on_where_the_run_left_off(tmp_path: Path) -> None:
    (tmp_path / "times.json").write_text('{"device": "cpu", "seconds": 100, "cpu_seconds": 40}')
    Clock(tmp_path, "cpu").write()
    times = read_times(tmp_path)
    assert times is not None
    assert 100 <= times.seconds < 110
    assert 40 <= times.cpu_seconds < 50
    assert read_times(tmp_path / "nowhere") is None


def test_a_row_has_means_and_spreads_over_the_finished_seeds(tmp_path: Path) -> None:
    folder = recipes(tmp_path / "r", lstm="description = 'gates'\n")
    each = entry(folder / "lstm.toml", tmp_path / "runs", 3)
    finished(each, 0, three=0.6, two=0.8)
    finished(each, 1, three=0.7, two=0.9)
    row = row_of(each, Notebook("here", {"lstm": Rate(200.0, 100.0)}))
    assert row.seeds == (1, 2)
    assert row.three["e"].mean == pytest.approx(0.65)
    assert row.three["e"].spread == pytest.approx(np.std([0.6, 0.7], ddof=1))
    assert row.two["e"].mean == pytest.approx(0.85)
    assert row.weights == 1234
    assert row.size == (each.runs[0].model / "metrics.json").stat().st_size
    assert row.training_seconds == Figure.of([90.0, 150.0])
    assert row.rate is not None
    assert row.rate.times_vader == 2.0


def test_a_model_that_is_no_classifier_shows_its_own_figures(tmp_path: Path) -> None:
    folder = recipes(tmp_path / "r", tagger="")
    each = entry(folder / "tagger.toml", tmp_path / "runs", 1)
    finished(each, eval={"spans": {"tweets": 10, "jaccard": 0.5, "f1": 0.625}})
    row = row_of(each, Notebook("here"))
    assert (row.three, row.two) == ({}, {})
    assert {name: figure.mean for name, figure in row.other.items()} == {
        "spans jaccard": 0.5,
        "spans f1": 0.625,
    }
    (others, _) = parts_of([row])
    assert others.rows == (("tagger", "spans jaccard", ".500"), ("tagger", "spans f1", ".625"))


def test_a_classifier_without_a_set_to_quote_shows_its_recall_alone(tmp_path: Path) -> None:
    folder = recipes(tmp_path / "r", mine="")
    each = entry(folder / "mine.toml", tmp_path / "runs", 1)
    figures = {"macro_recall": 0.5, "two_class_macro_recall": 0.75, "accuracy": 0.6}
    finished(each, eval={}, dev={"d": {**figures, "classes": {"neutral": {"f1": 0.4}}}})
    row = row_of(each, Notebook("here"))
    assert {name: figure.mean for name, figure in row.other.items()} == {
        "d macro recall (dev)": 0.5,
        "d two class macro recall (dev)": 0.75,
    }


def rows() -> list[Row]:
    three, two = Figure(0.61234, 0.004), Figure(0.8)
    return [
        Row(
            name="lstm",
            seeds=(1, 2),
            three={"a": three, "b": Figure(0.5, 0.01)},
            two={"a": two, "b": two},
            weights=1_234_567,
            size=4_940_000,
            training_seconds=Figure(150.0, 2.0),
            device="cpu",
            rate=Rate(12_345.6, 30_000.0),
        ),
        Row(name="lstm-keras", seeds=(1,), two={"a": two}, weights=10, size=900, device="cuda",
            training_seconds=Figure(7200.0)),
        Row(name="elman-imdb", absent="needs aclImdb, not at hand"),
    ]  # fmt: skip


def test_the_parts_of_the_table() -> None:
    three, two, cost = parts_of(rows())
    assert three.header == ("recipe", "a", "b", "mean")
    assert three.rows == (
        ("lstm", ".612 ±.004", ".500 ±.010", ".556"),
        ("elman-imdb", "not measured here", "–", "–"),
    )
    assert two.header == ("recipe", "a", "b")  # one of two has b: there is no mean of both
    assert two.rows == (("lstm", ".800", ".800"), ("lstm-keras", ".800", "–"))
    assert cost.rows == (
        ("lstm", "1,234,567", "4.9 MB", "2.5 min", "12,346", "0.41"),
        ("lstm-keras", "10", "1 kB", "2.0 h (cuda)", "–", "–"),
    )
    notes = notes_of(rows(), Notebook("a fine machine"))
    assert "elman-imdb: needs aclImdb, not at hand." in notes
    assert any("2 seeds" in note for note in notes)
    assert any("a fine machine" in note for note in notes)


A, B = {"a.csv": ("1",), "b.csv": ("5",)}, {"a.csv": ("2",)}
MIXED = {"a.csv": ("1", "2")}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([A, A, A], []),
        ([A, {}, A], []),  # from before it was noted
        ([A, {"c.csv": ("1",)}], []),  # reads nothing that the other one reads
        ([A, A, B], ["z: trained and measured with another a.csv than x, y; to compare"]),
        ([B, A, A], ["x: trained and measured with another a.csv than y, z; to compare"]),
        ([A, B], ["y: trained and measured with another a.csv than x; to compare"]),
        ([A, MIXED, A], ["y: a.csv was not the same for all seeds"]),
        ([A, MIXED, B], ["y: a.csv was not the same", "z: trained and measured with another"]),
    ],
)  # fmt: skip
def test_rows_of_other_data_are_named(data: list[Any], told: list[str]) -> None:
    some = [Row(name=name, data=each) for name, each in zip("xyz", data, strict=False)]
    notes = notes_on_data(some)
    assert len(notes) == len(told)
    for note, beginning in zip(notes, told, strict=True):
        assert note.startswith(beginning)
        assert note in notes_of(some, Notebook("here"))
        assert note in to_dict(some, Notebook("here"))["notes"]


def test_speeds_on_other_tweets_are_not_said_to_be_on_the_same() -> None:
    rates = [Rate(1.0, 2.0, "these"), Rate(1.0, 2.0, "these"), Rate(3.0, 2.0, "those")]
    some = [Row(name="x", rate=rate) for rate in rates]
    assert ", all on the same tweets" in notes_of(some[:2], Notebook("here"))[0]
    assert ", not all on the same tweets" in notes_of(some, Notebook("here"))[0]


MEASURED = Row(name="vader", floor="vader", weights=7, rate=Rate(2.0, 2.0))


@pytest.mark.parametrize(
    ("row", "speed", "beside", "weights"),
    [
        (MEASURED, True, True, True),
        (replace(MEASURED, rate=None), False, False, True),
        (replace(MEASURED, floor=""), True, True, False),
        (replace(MEASURED, floor="", rate=Rate(2.0, None)), True, False, False),
        (replace(MEASURED, floor="", rate=None), False, False, False),
        (Row(name="vader", floor="vader", absent="not trained yet"), False, False, False),
    ],
)  # fmt: skip
def test_of_vader_is_said_what_is_in_the_table(
    row: Row, speed: bool, beside: bool, weights: bool
) -> None:
    notes = " ".join(notes_of([row], Notebook("here")))
    assert ("Tweets a second are" in notes) == speed
    assert ("VADER was measured in the same process." in notes) == beside
    assert ("The weights of VADER are the entries" in notes) == weights


def test_a_row_tells_which_floor_it_is_of(tmp_path: Path) -> None:
    folder = recipes(tmp_path / "r", mine='[floor]\nkind = "vader"\n', lstm="")
    for name, kind in (("mine", "vader"), ("lstm", "")):
        each = entry(folder / f"{name}.toml", tmp_path / "runs", 1)
        finished(each, three=0.5)
        assert row_of(each, Notebook("here")).floor == kind


def test_the_table_takes_the_place_of_what_stands_in_its_block(tmp_path: Path) -> None:
    document = tmp_path / "lab.md"
    document.write_text("Before.\n\n<!-- lab -->\nold\n<!-- /lab -->\n\nAfter.\n")
    markdown = to_markdown(parts_of(rows()), ["A note \\1."], "lab.png")
    write_into(document, markdown)
    text = document.read_text()
    assert text.startswith("Before.\n\n<!-- lab -->\n")
    assert text.endswith("\n<!-- /lab -->\n\nAfter.\n")
    assert "old" not in text
    assert "| `lstm` | .612 ±.004 | .500 ±.010 | .556 |" in text
    assert "| recipe | a | b | mean |\n|---|---|---|---|\n" in text
    assert "](lab.png)" in text
    assert "A note \\1." in text
    write_into(document, markdown)
    assert document.read_text() == text


def test_a_document_without_a_block_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "story.md"
    document.write_text("A story.\n")
    with pytest.raises(InputError, match="no block between <!-- lab -->"):
        write_into(document, "x")
    assert document.read_text() == "A story.\n"


def test_the_table_for_programs_is_json() -> None:
    content = json.loads(json.dumps(to_dict(rows(), Notebook("m"))))
    assert content["schema_version"] == 1
    assert content["machine"] == "m"
    assert content["recipes"][0]["three"]["a"] == {"mean": 0.61234, "spread": 0.004}


class Slow:
    """Scores nothing, and takes its time for it by a clock of the test."""

    def __init__(self, now: list[float], each: float) -> None:
        self._now, self._each = now, each

    def score(self, texts: Sequence[str]) -> Any:
        self._now[0] += self._each * len(texts)
        return np.zeros((len(texts), 3), np.float32)


def test_rates_are_those_of_the_processor_beside_vader(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("positivity.training.lab.speed.time.process_time", lambda: now[0])
    vader, lstm = Slow(now, 0.01), Slow(now, 0.02)
    rates = measure_rates({"lstm": lstm}, vader, ["x"] * 50)
    assert rates.keys() == {"lstm"}
    assert rates["lstm"].tweets_per_second == pytest.approx(50)
    assert rates["lstm"].times_vader == pytest.approx(0.5)
    others = measure_rates({"lstm": lstm}, vader, ["y"] * 50)
    assert rates["lstm"].texts != others["lstm"].texts
    both = measure_rates({"vader": vader, "lstm": lstm}, vader, ["x"] * 50)
    assert both["vader"].times_vader == pytest.approx(1.0)
    assert measure_rates({"lstm": lstm}, None, ["x"])["lstm"].times_vader is None


def test_the_notebook_is_kept_and_rates_of_another_machine_are_not(tmp_path: Path) -> None:
    here = notebook_to_go_on(tmp_path)
    here.with_rates({"a": Rate(1.0, 2.0)}).with_absent({"b": "why", "c": None}).write(tmp_path)
    kept = notebook_to_go_on(tmp_path)
    assert kept.rates == {"a": Rate(1.0, 2.0)}
    assert kept.absent == {"b": "why"}
    assert kept.with_absent({"b": None}).absent == {}
    replace(kept, machine="another").write(tmp_path)
    assert read_notebook(tmp_path).rates == kept.rates
    assert notebook_to_go_on(tmp_path).rates == {}


def test_the_legend_has_the_network_that_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = "[training]\nkeep_last = true\n"
    folder = recipes(tmp_path / "r", steady="", falling="", last=keep)
    names = ("steady", "falling", "last")
    entries = [entry(folder / f"{name}.toml", tmp_path / "runs", 1) for name in names]
    looks = {"steady": (0.3, 0.4), "falling": (0.5, 0.2), "last": (0.6, 0.45)}
    for each in entries:
        finished(each, three=0.6)
        content = [{"step": i, "recalls": {"x": x}} for i, x in enumerate(looks[each.name])]
        (each.runs[0].folder / "records.json").write_text(json.dumps(content))
    drawn: list[str] = []
    monkeypatch.setattr(
        "matplotlib.axes.Axes.plot", lambda self, *_, label, **more: drawn.append(label)
    )
    monkeypatch.setattr("matplotlib.axes.Axes.legend", lambda self, **_: None)
    rows = [row_of(each, Notebook("here")) for each in entries]
    assert draw_curves(entries, rows, tmp_path / "curves.png")
    assert drawn == ["falling 0.500", "last 0.450", "steady 0.400"]


def test_curves_are_drawn_of_what_is_trained_in_steps(tmp_path: Path) -> None:
    folder = recipes(tmp_path / "r", lstm="", keras="", vader='[floor]\nkind = "vader"\n')
    names = ("lstm", "keras", "vader")
    entries = [entry(folder / f"{name}.toml", tmp_path / "runs", 1) for name in names]
    finished(entries[0], three=0.6, two=0.7)
    finished(entries[1], two=0.7)
    finished(entries[2], three=0.6, two=0.7)
    looks = [{"step": i, "recalls": {"x": 0.4 + i / 100, "y": 0.5}} for i in (10, 20)]
    for each in entries[:2]:
        (each.runs[0].folder / "records.json").write_text(json.dumps(looks))
    curve = curve_of(entries[0])
    assert curve is not None
    assert curve.steps == (10, 20)
    assert curve.recalls == pytest.approx((0.5, 0.55))
    found = [row_of(each, Notebook("here")) for each in entries]
    picture = tmp_path / "curves.svg"
    assert draw_curves(entries, found, picture)
    drawn = picture.read_text()
    assert drawn.count("three classes") == drawn.count("two classes") == 1
    assert not draw_curves(entries[2:], found[2:], tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
