"""The forward pass in PyTorch, on the CPU or a GPU."""

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from positivity.errors import StateError, UsageError
from positivity.messages import say
from positivity.model.kinds import make_network
from positivity.model.network import Classifier, Network
from positivity.model.registry import LINEAR, WEIGHTS, ModelDirectory

# Shapes of batches on the CPU: rows, and from which length on only every fourth.
_ROWS = (256, 64, 16)
_LONG, _LONG_STEP = 32, 4
DEVICES = ("auto", "cpu", "cuda", "mps")


def load_network(directory: ModelDirectory) -> Network:
    """The network of a model, of whatever kind, in float32 and ready to be used.

    Raises:
        UsageError: it has none.
        StateError: this program has no such kind of network.
    """
    if directory.config.kind == LINEAR:
        raise UsageError(
            f"{directory.path}: has no network, but weights of words that are added up"
        )
    try:
        network = make_network(directory.config.network)
    except (TypeError, ValueError) as error:
        raise StateError(
            f"{directory.path}: written by a newer positivity (network: {error}); update it"
        ) from None
    weights = {
        name: each.float() if each.is_floating_point() else each
        for name, each in load_file(directory.path / WEIGHTS).items()  # stored in half precision
    }
    network.load_state_dict(weights, assign=True)
    return network.requires_grad_(False).eval()


def load_classifier(directory: ModelDirectory) -> Classifier:
    """The network of a model that classifies.

    Raises:
        UsageError: it does something else.
    """
    directory.require_classifier()
    network = load_network(directory)
    assert isinstance(network, Classifier)
    return network


def choose_device(wanted: str) -> torch.device:
    """The device to score on: the CPU, said on stderr, for one that torch cannot use.

    Raises:
        UsageError: `wanted` is not a device that we know.
    """
    if wanted not in DEVICES:
        raise UsageError(f"--device {wanted!r} is none of {', '.join(DEVICES)}")
    if wanted == "cpu":
        return torch.device("cpu")
    for name in ("cuda", "mps") if wanted == "auto" else (wanted,):
        available = (
            torch.cuda.is_available() if name == "cuda" else torch.backends.mps.is_available()
        )
        if not available:
            if wanted != "auto":
                say(f"torch finds no {name} device here; using the CPU")
            continue
        try:
            # A GPU that this build of torch has no code for is found, and fails at its first work.
            torch.ones(8, 8, device=name).matmul(torch.ones(8, 8, device=name)).sum().item()
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0][:120]
            say(f"{name} cannot be used ({reason}); using the CPU")
            continue
        return torch.device(name)
    return torch.device("cpu")


def describe_device() -> str:
    """The version of torch, and where it would score."""
    device = choose_device("auto")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
    return f"{torch.__version__}, scores on {name} ({torch.get_num_threads()} threads)"


def bfloat16_is_fast(device: torch.device) -> bool:
    """Whether this device multiplies bfloat16 itself; where it does not, float32 is quicker."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())


class TorchEngine:
    """Runs the network; safe to call from several threads at once."""

    same_in_any_batch = False  # its products are cut up by the number of rows
    texts_together = 24_000

    def __init__(
        self, directory: ModelDirectory, *, device: str = "auto", exact: bool = False
    ) -> None:
        """`exact` keeps to float32 where bfloat16 would be faster."""
        self.device = choose_device(device)
        self._network = load_classifier(directory).to(self.device)
        on_cpu = self.device.type == "cpu"
        self.precision = "float32"
        if on_cpu and bfloat16_is_fast(self.device) and not exact:
            self._network = self._network.to(torch.bfloat16)
            self.precision = "bfloat16"
        # One thread for each call, several calls at once: on a busy machine this loses less than
        # one call over all cores, and the tokenizer's thread is not starved.
        self.workers = torch.get_num_threads() if on_cpu else 1
        self.batch_sizes: tuple[int, ...] = _ROWS if on_cpu else (4096,)

    def logits(self, ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits [batch, classes] of padded ids [batch, time] with their lengths [batch].

        Where a GPU has too little memory for the batch, its halves are tried, and batches have half
        as many rows from then on.
        """
        try:
            return self._logits(ids, lengths)
        except torch.OutOfMemoryError:
            if len(ids) < 2:
                raise
        # Out of the handler: the error holds on to the memory that the batch has taken.
        half = len(ids) // 2
        torch.cuda.empty_cache()
        if half < max(self.batch_sizes):
            say(f"{self.device} is out of memory: going on with batches of {half:,} tweets")
            self.batch_sizes = (half,)
        return np.concatenate(
            [self.logits(ids[:half], lengths[:half]), self.logits(ids[half:], lengths[half:])]
        )

    def _logits(self, ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        rows = len(ids)
        if self.device.type == "cpu":
            if torch.get_num_threads() != 1:
                torch.set_num_threads(1)
            ids, lengths = _in_few_shapes(ids, lengths)
        with torch.inference_mode():
            padded = bool((lengths != ids.shape[1]).any())
            result = self._network(
                torch.from_numpy(ids).to(self.device),
                torch.from_numpy(lengths).to(self.device) if padded else None,
            )
            return np.asarray(result[:rows].float().cpu().numpy())


def _in_few_shapes(
    ids: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The batch padded to one of some hundred shapes.

    For each shape of batch that it meets the CPU's LSTM keeps 2-3 MB for good: with every number of
    rows and every length that comes along, that is a gigabyte. Rows are filled up with the first
    one. (So bfloat16 rounds a tweet's numbers alike in any company, too.)
    """
    rows, time = ids.shape
    more_rows = min((size - rows for size in _ROWS if size >= rows), default=0)
    more_time = -time % _LONG_STEP if time > _LONG else 0
    if more_time:
        ids = np.pad(ids, ((0, 0), (0, more_time)))
    if more_rows:
        ids = np.concatenate([ids, np.repeat(ids[:1], more_rows, axis=0)])
        lengths = np.concatenate([lengths, np.repeat(lengths[:1], more_rows)])
    return ids, lengths
