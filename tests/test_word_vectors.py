"""Word vectors from files: word2vec's two formats, GloVe's, what is wrong with one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from positivity.errors import InputError
from positivity.training.labelled import Data
from positivity.training.recipe import Recipe, read_recipe
from positivity.training.run import Run
from positivity.training.run_folder import changed_since
from positivity.training.word_vectors import (
    main,
    of_pieces,
    read_vectors,
    train_vectors,
    write_vectors,
)
from tests.conftest import NEGATIVE, POSITIVE

VECTORS = {
    "love": np.array([1.0, -2.5, 0.25], np.float32),
    "café": np.array([0.5, 0.0, 3.0], np.float32),
    "<user>": np.array([-1.0, 1.0, 2.0], np.float32),
}


def _lines() -> str:
    return "".join(f"{w} {' '.join(map(str, v.tolist()))}\n" for w, v in VECTORS.items())


def _glove(path: Path) -> None:
    path.write_text(_lines(), "utf-8")


def _word2vec_text(path: Path) -> None:
    path.write_text(f"3 3\n{_lines()}", "utf-8")


def _word2vec_binary(path: Path) -> None:
    write_vectors(VECTORS, path)


def _word2vec_binary_with_line_ends(path: Path) -> None:
    """As the first version of word2vec wrote them."""
    rows = (word.encode() + b" " + v.astype("<f4").tobytes() for word, v in VECTORS.items())
    path.write_bytes(b"3 3\n" + b"\n".join(rows) + b"\n")


@pytest.mark.parametrize(
    "write", [_glove, _word2vec_text, _word2vec_binary, _word2vec_binary_with_line_ends]
)
def test_files_of_all_formats_say_the_same(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path / "v")
    found = read_vectors(tmp_path / "v", ["café", "love", "absent"], 3)
    assert set(found) == {"café", "love"}
    for word, vector in found.items():
        np.testing.assert_array_equal(vector, VECTORS[word])


@pytest.mark.parametrize("write", [_glove, _word2vec_text, _word2vec_binary])
def test_vectors_of_another_size_are_refused(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path / "v")
    for size in (2, 4):
        with pytest.raises(InputError, match=r"have 3 numbers, .*embedding_size is"):
            read_vectors(tmp_path / "v", ["love"], size)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_vectors(VECTORS, tmp_path / "v")
    (tmp_path / "cut").write_bytes((tmp_path / "v").read_bytes()[:-5])
    with pytest.raises(InputError, match="ends after 2 of 3 vectors"):
        read_vectors(tmp_path / "cut", ["love"], 3)
    (tmp_path / "text").write_text("love 1 2 3\nhate 1 x 3\n")
    with pytest.raises(InputError, match="the vector of 'hate' is not 3 numbers"):
        read_vectors(tmp_path / "text", ["hate"], 3)
    with pytest.raises(InputError, match="cannot read the word vectors"):
        read_vectors(tmp_path / "gone", ["love"], 3)


def test_pieces_without_a_vector_are_drawn_by_the_seed() -> None:
    pieces = ["<pad>", "<unk>", " love", " café", " <user>", " absent"]
    drawn, again, other = (of_pieces(VECTORS, pieces, 3, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(drawn, again)
    np.testing.assert_array_equal(drawn[2:5], other[2:5])
    assert (drawn[5] != other[5]).all()
    stacked = np.stack([VECTORS[word] for word in ("love", "café", "<user>")])
    centred = stacked - stacked.mean(axis=0)
    np.testing.assert_allclose(drawn[2:5], centred / centred.std(), rtol=1e-5)


def test_a_recipe_begins_with_the_vectors_of_a_file(tiny_data: Path, tmp_path: Path) -> None:
    words = [*POSITIVE, *NEGATIVE]
    size = 16
    generator = np.random.default_rng(0)
    vectors = {word: generator.normal(size=size).astype(np.float32) for word in words}
    write_vectors(vectors, tmp_path / "mine.bin")
    recipe = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(recipe, Recipe)
    said: list[str] = []
    recipe = replace(recipe, embeddings="mine.bin")
    run = Run(recipe, Data(tiny_data, tmp_path), tmp_path / "r", device="cpu", say=said.append)
    pieces = [piece.strip() for piece in run.tokenizer.pieces()]
    weights = run.trainer.network.embedding.weight.detach().numpy()
    found = np.stack([weights[pieces.index(word)] for word in words])
    given = np.stack([vectors[word] for word in words])
    given -= given.mean(axis=0)
    assert np.corrcoef(found.ravel(), given.ravel())[0, 1] > 0.999
    assert not weights[0].any()
    assert any(f"vectors of {len(words)} of" in line for line in said)
    assert changed_since(tmp_path / "r", recipe, Data(tiny_data, tmp_path)) == []
    write_vectors(vectors | {"elsewhere": vectors[words[0]]}, tmp_path / "mine.bin")
    assert changed_since(tmp_path / "r", recipe, Data(tiny_data, tmp_path)) == ["mine.bin"]
    with pytest.raises(InputError, match=r"absent\.bin: neither in .*word_vectors"):
        Run(
            replace(recipe, embeddings="absent.bin"),
            Data(tiny_data, tmp_path),
            tmp_path / "other",
            device="cpu",
            say=said.append,
        )


def test_vectors_are_trained_on_tweets(tmp_path: Path) -> None:
    pytest.importorskip("gensim")
    texts = [f"i {verb} {noun} now" for verb in ("love", "hate") for noun in "tea jam".split()]
    vectors = train_vectors(texts * 300, 8)
    assert {"love", "tea"} <= set(vectors)
    (tmp_path / "t.csv").write_text("text\n" + "\n".join(texts * 300) + "\n")
    arguments = [str(tmp_path / "t.csv"), "--output", str(tmp_path / "v.bin"), "--size", "8"]
    assert main(arguments) == 0
    assert set(read_vectors(tmp_path / "v.bin", ["love", "jam"], 8)) == {"love", "jam"}
    assert main([str(tmp_path / "gone.csv"), *arguments[1:]]) == 3
