"""A table of the file of `positivity run`: values of the types that they have to be of."""

import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from positivity.errors import UsageError

if TYPE_CHECKING:
    from positivity.account.condition import Condition

_T = TypeVar("_T")


class JobTable:
    """A table of the file, whose values are taken out as they are understood."""

    def __init__(self, content: dict[str, Any], where: str, folder: Path) -> None:
        self._content, self._where, self._folder = content, where, folder
        self._known: list[str] = []

    def error(self, key: str, what: str) -> UsageError:
        """What to raise where the value of a key cannot be used."""
        return UsageError(f"{self._where}: {key} {what}")

    def value(self, key: str) -> Any:
        """What a key has, whatever it is."""
        self._known.append(key)
        return self._content.pop(key, None)

    def refuse_the_rest(self) -> None:
        """Complains of keys that nobody asked for: a misspelt bound would not hold."""
        for key in self._content:
            raise self.error(key, f"is not known; there are {', '.join(sorted(self._known))}")

    def text(self, key: str) -> str | None:
        value = self.value(key)
        if value is not None and not isinstance(value, str):
            raise self.error(key, f"is {value!r}, not a text in quotes")
        return value

    def texts(self, key: str) -> list[str]:
        """A text, or a list of them."""
        value = self.value(key)
        texts = [] if value is None else [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
            raise self.error(key, 'is no list of texts, such as ["one", "two"]')
        return texts

    def number(self, key: str) -> float | None:
        value = self.value(key)
        if value is None:
            return None
        is_number = type(value) in (int, float)  # in TOML, true is no number
        if not is_number or not math.isfinite(value) or value < 0:
            raise self.error(key, f"is {value!r}, not a number from 0 up")
        return float(value)

    def understood(self, key: str, texts: Sequence[str], read: Callable[[str], _T]) -> list[_T]:
        """What some texts mean; what is wrong with one is told with the file and the key."""
        try:
            return [read(text) for text in texts]
        except UsageError as error:
            # Said of the key, where it is said of the option of this name elsewhere.
            raise self.error(f"{key}:", str(error).removeprefix(f"--{key} ")) from None

    def language(self) -> str | None:
        from positivity.selection import refuse_language

        text = self.text("language")
        if text is not None:
            self.understood("language", [text], refuse_language)
        return text

    def truth(self, key: str) -> bool:
        value = self.value(key)
        if value not in (None, True, False):
            raise self.error(key, f"is {value!r}, not true or false")
        return bool(value)

    def one(self, key: str, kind: Callable[[str], Any]) -> Any:
        """One of some words; None if it is not given."""
        text = self.text(key)
        return None if text is None else self._word(key, text, kind)

    def each(self, key: str, kind: Callable[[str], Any]) -> list[Any]:
        return [self._word(key, text, kind) for text in self.texts(key)]

    def _word(self, key: str, text: str, kind: Callable[[str], Any]) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise self.error(key, f"cannot be {text!r}") from None

    def condition(self, key: str) -> "Condition | None":
        from positivity.account.condition import parse_condition

        text = self.text(key)
        try:
            return None if text is None else parse_condition(text)
        except UsageError as error:
            raise self.error(key, f"cannot be used: {error}") from None

    def command(self, key: str) -> tuple[str, ...]:
        """A program with its arguments, as a list or as one text; no shell comes near it."""
        value = self._content.get(key)
        if isinstance(value, str):
            try:
                self._content[key] = shlex.split(value)
            except ValueError as error:
                raise self.error(key, f"cannot be read: {error}") from None
        words = self.texts(key)
        if words and "/" in words[0]:
            words[0] = self.joined(words[0])
        return tuple(words)

    def joined(self, path: str) -> str:
        """A path as it is meant: from the folder of the file."""
        try:
            if path.isprintable():
                return str(self._folder / Path(path).expanduser())
        except RuntimeError:  # the home of nobody
            pass
        raise UsageError(f"{self._where}: {path!r} is no path")

    def tables(self, key: str) -> "list[JobTable]":
        """The tables of a [[list]]."""
        value = self.value(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            raise self.error(key, f"is no list of tables: write [[{key}]]")
        return [JobTable(each, f"{self._where}: [[{key}]]", self._folder) for each in value]
