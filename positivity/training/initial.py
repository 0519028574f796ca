"""What a network begins with: vectors of pieces, as a teacher or a trained model has them, and the
pairs of pieces that it has vectors for."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from positivity.errors import InputError
from positivity.model.engine_torch import load_network
from positivity.model.pairs import pair_numbers
from positivity.model.registry import ModelDirectory
from positivity.text.tokenizer import UNKNOWN
from positivity.training.encoder import load_encoder, load_tokenizer
from positivity.training.examples import Examples

_BATCH = 256
_FLATTENED = 0.5  # 0 keeps each direction's spread, 1 makes all alike


@torch.inference_mode()
def initial_vectors(encoder: Path, pieces: Sequence[str], size: int) -> Tensor:
    """Vectors [pieces, size] of mean 0 and deviation 1, as `nn.Embedding` starts with.

    The encoder reads each piece as a sentence; its mean state is brought down to the directions in
    which pieces differ most. So "awful" and "terrible" begin as neighbours, and so do an emoji and
    the words of its name.

    Args:
        encoder: a folder with a pre-trained encoder, best one that was fine-tuned on the task.
        pieces: what each id of the vocabulary stands for.
        size: numbers of a vector, at most those of the encoder's states.

    Raises:
        InputError: transformers is not installed.
    """
    tokenizer, model = load_tokenizer(encoder), load_encoder(encoder).eval()
    words = [re.sub(r"[\W_]+", " ", piece).strip() or piece.strip() or "." for piece in pieces]
    means = []
    for start in range(0, len(words), _BATCH):
        batch = tokenizer(
            words[start : start + _BATCH], padding=True, truncation=True, return_tensors="pt"
        )
        mask = batch["attention_mask"]
        states = model(batch["input_ids"], attention_mask=mask)[0]  # [batch, time, hidden]
        weights = mask.unsqueeze(2).to(states.dtype)
        means.append(((states * weights).sum(1) / weights.sum(1)).float())
    vectors = torch.cat(means)
    vectors = vectors - vectors.mean(dim=0)
    _, spread, directions = torch.linalg.svd(vectors.double(), full_matrices=False)
    projected = vectors.double() @ directions[:size].T / spread[:size] ** _FLATTENED
    result: Tensor = (projected / projected.std()).float()
    return result


def vectors_of_model(directory: ModelDirectory, pieces: Sequence[str], size: int) -> Tensor:
    """Vectors [pieces, size] of mean 0 and deviation 1, from the embedding of a trained model.

    A piece that its vocabulary does not have begins as the mean of the pieces that this one cuts it
    into. Vectors are brought down to the directions in which they differ most.

    Raises:
        InputError: the model's vectors have fewer numbers.
    """
    embedding = load_network(directory).embedding.weight
    if size > embedding.shape[1]:
        raise InputError(
            f"vectors of model {directory.config.name} have {embedding.shape[1]} numbers: "
            f"embedding_size cannot be {size}"
        )
    tokenizer = directory.tokenizer()
    known = {piece: number for number, piece in enumerate(tokenizer.pieces())}
    parts = tokenizer.encode_many([piece.strip() for piece in pieces])
    ids = [
        [known[piece]] if piece in known else part or [UNKNOWN]
        for piece, part in zip(pieces, parts, strict=True)
    ]
    vectors = torch.stack([embedding[each].mean(dim=0) for each in ids])
    vectors = vectors - vectors.mean(dim=0)
    _, _, directions = torch.linalg.svd(vectors.double(), full_matrices=False)
    projected = vectors.double() @ directions[:size].T
    result: Tensor = (projected / projected.std()).float()
    return result


def frequent_pairs(examples: Examples, pieces: Sequence[str], apart: Collection[str]) -> Tensor:
    """The numbers (`model.pairs.pair_numbers`) of the pairs in examples, the most frequent first.

    Args:
        apart: words no pair of which counts: those that say of which group somebody is would be
            remembered with the company that they were met in.
    """
    tokens = torch.from_numpy(examples.tokens.astype(np.int64))[None]
    numbers = pair_numbers(tokens, len(pieces))[0].numpy()
    numbers[examples.offsets[:-1]] = examples.tokens[examples.offsets[:-1]]  # none before the first
    found, counts = np.unique(numbers, return_counts=True)
    left_out = {UNKNOWN} | {row for row, piece in enumerate(pieces) if piece.strip() in apart}
    halves = np.stack([found // len(pieces), found % len(pieces)])
    found, counts = (each[~np.isin(halves, list(left_out)).any(axis=0)] for each in (found, counts))
    return torch.from_numpy(found[np.argsort(-counts, kind="stable")])
