"""Whether the rows of a table were made with the same files: figures of others do not compare."""

from collections import Counter
from collections.abc import Mapping, Sequence

from positivity.training.lab.results import Row


def notes_on_data(rows: Sequence[Row]) -> list[str]:
    """Which rows are not of the data that the others are of, in a line for each file."""
    files = dict.fromkeys(file for row in rows for file in row.data)
    return [
        note
        for file in files
        for note in _notes_on(file, {row.name: row.data[file] for row in rows if file in row.data})
    ]


def _notes_on(file: str, contents: Mapping[str, tuple[str, ...]]) -> list[str]:
    """What is to be said of a file, from the contents with which each row read it."""
    mixed = [name for name, found in contents.items() if len(found) > 1]
    single = {name: found[0] for name, found in contents.items() if len(found) == 1}
    notes = []
    if mixed:
        notes.append(
            f"{', '.join(mixed)}: {file} was not the same for all seeds, whose figures do not "
            "compare; remove the folders of their runs to train them again."
        )
    if single:
        usual = Counter(single.values()).most_common(1)[0][0]  # the first one's where two tie
        others = [name for name, content in single.items() if content != usual]
        rest = [name for name in single if name not in others]
        if others:
            notes.append(
                f"{', '.join(others)}: trained and measured with another {file} than "
                f"{', '.join(rest)}; to compare them, remove the runs of the one or the other and "
                "train again."
            )
    return notes
