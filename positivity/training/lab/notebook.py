"""What the lab keeps beside its runs, so that the table can be written again without training."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from positivity.errors import StateError
from positivity.files import write_atomically
from positivity.training.lab.speed import Rate, describe_machine

FILE = "notebook.json"  # in the folder of the runs


@dataclass(frozen=True, slots=True)
class Notebook:
    """What was seen on one machine."""

    machine: str
    rates: Mapping[str, Rate] = field(default_factory=dict)  # by recipe
    absent: Mapping[str, str] = field(default_factory=dict)  # recipe -> why it was not trained

    def with_rates(self, rates: Mapping[str, Rate]) -> "Notebook":
        return Notebook(self.machine, {**self.rates, **rates}, self.absent)

    def with_absent(self, absent: Mapping[str, str | None]) -> "Notebook":
        """None says that a recipe is no longer absent."""
        merged = {**self.absent, **absent}
        return Notebook(self.machine, self.rates, {n: why for n, why in merged.items() if why})

    def write(self, runs: Path) -> None:
        with write_atomically(runs / FILE) as file:
            file.write(json.dumps(asdict(self), indent=1).encode() + b"\n")


def read_notebook(runs: Path) -> Notebook:
    """What was written last; an empty one where nothing was.

    Raises:
        StateError: something else has its name.
    """
    path = runs / FILE
    if not path.exists():
        return Notebook(describe_machine())
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rates = {name: Rate(**each) for name, each in content["rates"].items()}
        return Notebook(content["machine"], rates, content["absent"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StateError(
            f"{path}: not what positivity lab keeps under this name; move it elsewhere"
        ) from None


def notebook_to_go_on(runs: Path) -> Notebook:
    """What was written last on this machine: rates of another do not compare."""
    found = read_notebook(runs)
    here = describe_machine()
    return found if found.machine == here else Notebook(here, {}, found.absent)
