"""Word vectors from a file (word2vec's or GloVe's), and word2vec vectors trained on tweets.

    python -m positivity.training.word_vectors DATA/timelines.parquet --output DATA/word2vec.bin

trains them (Mikolov et al. 2013) on normalized tweets; it needs gensim: the extra `vectors`. A
recipe whose words begin with the vectors of a file names it: `embeddings = "word2vec.bin"`.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from positivity.errors import InputError, PositivityError
from positivity.files import write_atomically
from positivity.messages import say
from positivity.report.output import refuse_clashes
from positivity.text.emojis import compile_table
from positivity.text.normalize import Normalizer
from positivity.training.labelled import read_labelled
from positivity.training.recipe import Source
from positivity.training.vocabulary import known_words

Vectors = NDArray[np.float32]

_HEADER = re.compile(rb"\s*(\d+)\s+(\d+)\s*\n")
_LONGEST_WORD = 1000  # bytes
_BYTES = 4  # of a number in a binary file
_KNOWN_WORDS = 40_000  # by which hashtags are split, as the recipes have it
_WINDOW, _EPOCHS, _NEGATIVES, _LEAST_COUNT = 5, 5, 5, 5


def read_vectors(path: Path, wanted: Sequence[str], size: int) -> dict[str, Vectors]:
    """The vectors [size] of those of the wanted words that the file has.

    The file is word2vec's, text or binary, or GloVe's, which is text without the first line.

    Raises:
        InputError: it cannot be read, or its vectors are of another size.
    """
    try:
        with path.open("rb") as file:
            return dict(_vectors(path, file, frozenset(wanted), size))
    except OSError as error:
        raise InputError(f"{path}: cannot read the word vectors ({error.strerror})") from None


def _vectors(
    path: Path, file: BinaryIO, wanted: frozenset[str], size: int
) -> Iterator[tuple[str, Vectors]]:
    first = file.readline()
    header = _HEADER.fullmatch(first)
    if header is None:
        file.seek(0)
        yield from _of_text(path, file, wanted, size)
        return
    rows, numbers = int(header[1]), int(header[2])
    _require(path, numbers, size)
    after_header = file.tell()
    if _is_text(file.readline(), numbers):
        file.seek(after_header)
        yield from _of_text(path, file, wanted, size)
    else:
        file.seek(after_header)
        yield from _of_binary(path, file, rows, wanted, size)


def _is_text(line: bytes, numbers: int) -> bool:
    try:
        return len([float(each) for each in line.split()[-numbers:]]) == numbers
    except ValueError:
        return False


def _of_text(
    path: Path, file: BinaryIO, wanted: frozenset[str], size: int
) -> Iterator[tuple[str, Vectors]]:
    for number, line in enumerate(file, 1):
        # GloVe's file of 840 B tokens has words with spaces in them: numbers are counted from the
        # end.
        word, *values = line.rstrip().rsplit(b" ", size)
        if number == 1 and (len(values) < size or b" " in word):
            _require(path, len(line.split()) - 1, size)
        if (text := word.decode(errors="replace")) in wanted:
            try:
                vector = np.array(values, dtype=np.float32)
            except ValueError:
                vector = np.empty(0, np.float32)
            if vector.shape != (size,):
                raise InputError(f"{path}: the vector of {text!r} is not {size} numbers")
            yield text, vector


def _of_binary(
    path: Path, file: BinaryIO, rows: int, wanted: frozenset[str], size: int
) -> Iterator[tuple[str, Vectors]]:
    for row in range(rows):
        word = _word(file)
        content = file.read(size * _BYTES)
        if word is None or len(content) < size * _BYTES:
            raise InputError(f"{path}: ends after {row:,} of {rows:,} vectors; fetch it again")
        if word in wanted:
            yield word, np.frombuffer(content, "<f4").astype(np.float32)


def _word(file: BinaryIO) -> str | None:
    """The word up to the space after it; None where there is no such space."""
    word = bytearray()
    while (byte := file.read(1)) != b" ":
        if not byte or len(word) > _LONGEST_WORD:
            return None
        word += byte
    return word.lstrip(b"\n").decode(errors="replace")


def _require(path: Path, numbers: int, size: int) -> None:
    if numbers < 1:
        raise InputError(f"{path}: has no vectors of words in it")
    if numbers != size:
        raise InputError(
            f"{path}: its vectors have {numbers} numbers, the recipe's network.embedding_size is "
            f"{size}; change that to {numbers}"
        )


def of_pieces(
    vectors: Mapping[str, Vectors], pieces: Sequence[str], size: int, seed: int
) -> Vectors:
    """Vectors [pieces, size] of mean 0 and deviation 1, as `nn.Embedding` starts with.

    Those of the pieces that have none are drawn at random.
    """
    drawn = np.random.default_rng(seed).standard_normal((len(pieces), size)).astype(np.float32)
    rows = [row for row, piece in enumerate(pieces) if piece.strip() in vectors]
    if rows:
        found = np.stack([vectors[pieces[row].strip()] for row in rows])
        found = found - found.mean(axis=0)
        drawn[rows] = found / (found.std() or 1.0)
    return drawn


def train_vectors(texts: Sequence[str], size: int, *, seed: int = 1) -> dict[str, Vectors]:
    """word2vec's skip-gram vectors [size] of the words of normalized texts.

    Raises:
        InputError: gensim is not installed.
    """
    try:
        from gensim.models import Word2Vec
    except ImportError:
        raise InputError("gensim is not installed: pip install 'positivity[vectors]'") from None
    model = Word2Vec(
        [text.split() for text in texts],
        vector_size=size,
        window=_WINDOW,
        sg=1,
        negative=_NEGATIVES,
        min_count=min(_LEAST_COUNT, max(1, len(texts) // 1000)),
        epochs=_EPOCHS,
        seed=seed,
        workers=1,  # the same vectors on every machine
    )
    return {word: model.wv[word] for word in model.wv.index_to_key}


def write_vectors(vectors: Mapping[str, Vectors], path: Path) -> None:
    """Writes a binary file of word2vec's format."""
    size = len(next(iter(vectors.values())))
    with write_atomically(path) as file:
        file.write(f"{len(vectors)} {size}\n".encode())
        for word, vector in vectors.items():
            file.write(word.encode() + b" " + vector.astype("<f4").tobytes())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m positivity.training.word_vectors")
    parser.add_argument("tweets", type=Path, help="a table with a column `text`")
    parser.add_argument("--output", type=Path, required=True, help="the file of vectors to write")
    parser.add_argument("--size", type=int, default=100, help="numbers of a vector")
    parser.add_argument("--sample", type=int, default=1_000_000, help="so many tweets at random")
    options = parser.parse_args(arguments)
    try:
        refuse_clashes([("--output", options.output)], [options.tweets])
        source = Source(file=options.tweets.name, sample=options.sample)
        texts = read_labelled(options.tweets, source).texts
        normalizer = Normalizer(compile_table(), known_words(texts, _KNOWN_WORDS))
        vectors = train_vectors(normalizer.normalize_many(texts), options.size)
        write_vectors(vectors, options.output)
    except PositivityError as error:
        say(error)
        return error.exit_code
    say(f"{options.output}: the vectors of {len(vectors):,} words, from {len(texts):,} tweets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
