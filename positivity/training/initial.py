"""Word vectors to begin with: what a teacher makes of each piece of the vocabulary on its own."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

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
    """
    from transformers import AutoModel, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(encoder, local_files_only=True)
    model: Any = AutoModel.from_pretrained(
        encoder, attn_implementation="eager", add_pooling_layer=False, local_files_only=True
    ).eval()
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
