"""What makes a short process start sooner and end sooner, and a long one run faster."""

import atexit
import gc
import os
import sys
from importlib.abc import MetaPathFinder

_SWITCH_INTERVAL = 0.0005  # seconds


def prepare_process() -> None:
    """Settings of the whole interpreter, so for commands only, never for the library.

    Tweets come and go by the million and hold no cycles: looking for some as often as Python does
    by itself costs a sixth of the time of scoring a large file.

    And pyarrow imports pandas, 0.1 to 0.5 s, at its first conversion of a list, only to ask whether
    the list is one of pandas' own. Told once that there is no pandas, it does not ask again.

    The products of matrices that numpy is left with are small: threads for these, as many as there
    are cores, only wait for each other.

    A thread that scores gives the interpreter's lock away for the milliseconds that a batch takes.
    To get it back from a thread that reads, it would have to wait for up to 5 ms: as long again.
    """
    gc.set_threshold(400_000, 50, 1000)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.setswitchinterval(_SWITCH_INTERVAL)
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    sys.meta_path.insert(0, _NoPandas())
    try:
        pa.array([0])
    finally:
        sys.meta_path.pop(0)


def end_at_once() -> None:
    """Ends the process without a last search of all that it imported for cycles of garbage.

    The memory is given back anyway, and what must be closed is closed by its owner. After a check
    that search takes 0.08 s.
    """
    atexit.register(gc.freeze)


class _NoPandas(MetaPathFinder):
    """Finds no pandas, and leaves every other module to the finders after it."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is not wanted here", name=fullname)
