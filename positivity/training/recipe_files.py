"""The files of recipes: what one says over what the recipe says that it extends."""

import tomllib
from pathlib import Path
from typing import Any

from positivity.errors import InputError
from positivity.model import registry


def card_of(path: Path) -> str:
    """The model card of a recipe (`NAME.card.md`) or of what it extends, beside it; or ''."""
    for recipe in (path, *_ancestors(path)):
        card = path.with_name(f"{recipe.stem}.card.md")
        if card.exists():
            return card.read_text(encoding="utf-8")
    return ""


def lineage(path: Path) -> list[str]:
    """The names of the recipes that a recipe extends, the nearest first.

    Raises:
        InputError: one is not there, or extends itself in the end.
    """
    return [extended.stem for extended in _ancestors(path)]


def _ancestors(path: Path) -> list[Path]:
    """The files that a recipe extends, the nearest first: beside it, or among those that ship."""
    found, seen = [path], {path.resolve()}
    while name := _table(found[-1]).get("extends"):
        if not isinstance(name, str):
            raise InputError(f"{path}: extends is {name!r}; it takes the name of a recipe")
        beside = found[-1].parent / f"{name}.toml"
        shipped = registry.shipped() / "recipes" / f"{Path(name).name}.toml"
        # What extends the recipe of its own name means the one that ships.
        again = beside.resolve() in seen
        each = shipped if again or not beside.exists() else beside
        if each.resolve() in seen or (again and not shipped.exists()):
            raise InputError(f"{path}: extends {name!r}, which extends it in turn")
        if not each.exists():
            raise InputError(
                f"{path}: extends {name!r}, but {beside} does not exist, and no recipe of this "
                "name ships"
            )
        found.append(each)
        seen.add(each.resolve())
    return found[1:]


def content_of(path: Path) -> dict[str, Any]:
    """What a file says, over what the recipe says that it extends.

    Raises:
        InputError: one of the files cannot be read, or a recipe extends itself in the end.
    """
    merged: dict[str, Any] = {}
    for each in (*reversed(_ancestors(path)), path):
        for key, value in _table(each).items():
            old = merged.get(key)
            both = isinstance(old, dict) and isinstance(value, dict)
            merged[key] = old | value if both else value
    merged.pop("extends", None)
    return merged


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot read the recipe ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from None
