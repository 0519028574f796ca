"""Whether there is a GPU, without importing torch, which takes longer than scoring many tweets."""

import ctypes
import importlib.util
import platform
import sys
from pathlib import Path

_CUDA_DRIVERS = ("libcuda.so.1", "nvcuda.dll")
_CUDA_CODE = ("libtorch_cuda.so", "torch_cuda.dll")
_ROCM_CODE, _ROCM_DEVICE = "libtorch_hip.so", Path("/dev/kfd")


def has_gpu() -> bool:
    """Whether torch has code for a GPU of this machine. Whether that works, torch finds out."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"  # MPS
    if _torch_has(*_CUDA_CODE):
        return _cuda_devices() > 0
    return _torch_has(_ROCM_CODE) and _ROCM_DEVICE.exists()


def _torch_has(*libraries: str) -> bool:
    """Whether one of these libraries lies in the installed torch."""
    found = importlib.util.find_spec("torch")
    folders = (found and found.submodule_search_locations) or ()
    return any((Path(each) / "lib" / name).is_file() for each in folders for name in libraries)


def _cuda_devices() -> int:
    """How many devices the CUDA driver shows to this process."""
    for name in _CUDA_DRIVERS:
        try:
            driver = ctypes.CDLL(name)
            count = ctypes.c_int(0)
            if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0:
                return count.value
        except (OSError, AttributeError):
            continue
    return 0
