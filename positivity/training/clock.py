"""How long a training took, over all the times that it was taken up again."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from positivity.files import write_atomically

FILE = "times.json"  # in the folder of a run: the model's own files do not depend on the machine


@dataclass(frozen=True, slots=True)
class Times:
    """What a training took.

    The wall's time is what somebody waited. The processor's, added up over its cores, is the same
    on a machine that has other work to do.
    """

    device: str
    seconds: float = 0.0
    cpu_seconds: float = 0.0


class Clock:
    """Counts from its making on, and from where that of the same run left off."""

    def __init__(self, folder: Path, device: str) -> None:
        self._file = folder / FILE
        self._before = read_times(folder) or Times(device)
        self._device = device
        self._begun = time.monotonic(), time.process_time()

    def write(self) -> None:
        """Keeps the time so far, as a checkpoint keeps the weights."""
        begun, cpu_begun = self._begun
        times = Times(
            self._device,
            round(self._before.seconds + time.monotonic() - begun, 1),
            round(self._before.cpu_seconds + time.process_time() - cpu_begun, 1),
        )
        with write_atomically(self._file) as file:
            file.write(json.dumps(asdict(times)).encode())


def read_times(folder: Path) -> Times | None:
    """What the clock of a run wrote; None where none did, or it cannot be read."""
    file = folder / FILE
    try:
        return Times(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # figures of no more use, but no reason to stop
        return None
