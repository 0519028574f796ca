"""The forward pass in ONNX Runtime, with 8-bit weights: the light engine of the CPU.

It starts in a tenth of the time that PyTorch takes to be imported. `training/light.py` writes its
file.
"""

import os

# Else it would leave a number for this machine in the user's home, to report to its makers with.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from positivity.errors import StateError
from positivity.machine import cores
from positivity.model.registry import LIGHT, ModelDirectory

_ROWS = 256
_ERRORS_ONLY = 3  # of ONNX Runtime's log


class OnnxEngine:
    """Runs the light engine's file of a model; safe to call from several threads at once."""

    precision = "int8"
    same_in_any_batch = True
    texts_together = 6_000

    def __init__(self, directory: ModelDirectory) -> None:
        """Loads the file.

        Raises:
            StateError: there is none, or ONNX Runtime cannot run it.
        """
        path = directory.path / LIGHT
        if not path.is_file():
            raise StateError(f"{directory.path}: has no {LIGHT} for the light engine")
        onnxruntime.set_default_logger_severity(_ERRORS_ONLY)
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        # One thread for each call, several calls at once, as in the engine of torch.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Batches come in many shapes: what is remembered for each is memory that never comes back.
        options.enable_mem_pattern = False
        try:
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no parent of their own
            reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
            raise StateError(
                f"{path}: ONNX Runtime {onnxruntime.__version__} cannot run it ({reason})"
            ) from None
        self.workers = cores()
        self.batch_sizes: tuple[int, ...] = (_ROWS,)

    def logits(self, ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits [batch, 3] of padded ids [batch, time] with their lengths [batch]."""
        (logits,) = self._session.run(None, {"ids": ids, "lengths": lengths})
        return np.asarray(logits, np.float32)


def describe() -> str:
    """The version of ONNX Runtime, and how many calls it runs at once."""
    return f"{onnxruntime.__version__}, scores on CPU ({cores()} threads)"
