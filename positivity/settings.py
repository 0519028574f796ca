"""Settings: options win over the environment, that over the config file, that over the defaults.

And where our files live on this machine.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from positivity.errors import UsageError

PREFIX = "POSITIVITY_"


def home() -> Path:
    """The folder of this user's own data: `POSITIVITY_HOME`, else where the system keeps data.

    Raises:
        UsageError: `POSITIVITY_HOME` begins with a `~` that stands for no one.
    """
    chosen = os.environ.get("POSITIVITY_HOME")
    if chosen:
        try:
            return Path(chosen).expanduser()
        except RuntimeError:
            raise UsageError(f"POSITIVITY_HOME={chosen}: there is no such user") from None
    from platformdirs import user_data_path

    return user_data_path("positivity", appauthor=False)


def config_path() -> Path:
    """The config file: in `POSITIVITY_HOME`, else where the system keeps configuration."""
    if os.environ.get("POSITIVITY_HOME"):
        return home() / "config.toml"
    from platformdirs import user_config_path

    return user_config_path("positivity", appauthor=False) / "config.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a user may set once for all runs. Prices are in US dollars, times in seconds."""

    api_url: str = "https://api.x.com"
    max_posts: int = 200  # how far back `check` reads
    max_wait: float = 900.0  # for rate limits, in a run
    timeout: float = 30.0  # for each answer
    post_price: float = 0.005
    user_price: float = 0.010
    ask_above: float = 2.0  # dollars


@dataclass(frozen=True, slots=True)
class Origin:
    """A setting's value and where it comes from."""

    value: Any
    source: str


OPTION, DEFAULT = "option", "default"
MEANINGS = {
    "api_url": "the address of X's API",
    "max_posts": "how many of an account's newest posts 'check' reads",
    "max_wait": "seconds that a run waits for rate limits",
    "timeout": "seconds that X may take to answer",
    "post_price": "dollars for a post read",
    "user_price": "dollars for an account looked up",
    "ask_above": "dollars above which 'check' asks first",
}
_LEAST = {"max_posts": 5, "timeout": 0.1}  # X gives no fewer posts
_MOST = {"timeout": 86_400.0}  # a day; sockets take no number without end


def load_settings(**options: Any) -> Settings:
    """The settings that hold; `options` that are None were not given.

    Raises:
        UsageError: the config file or a value cannot be used.
    """
    return Settings(**{name: origin.value for name, origin in origins(options).items()})


def origins(options: Mapping[str, Any] | None = None) -> dict[str, Origin]:
    """Each setting's value and where it comes from; raises as `load_settings` does."""
    in_file = _read_config(config_path())
    found = {}
    for field in fields(Settings):
        name, variable = field.name, PREFIX + field.name.upper()
        given, environment = (options or {}).get(name), os.environ.get(variable)
        if given is not None:
            found[name] = Origin(_checked(name, given, _option(name)), OPTION)
        elif environment:
            found[name] = Origin(_parsed(name, environment, variable), f"${variable}")
        elif name in in_file:
            where = f"{config_path()}: {name}"
            found[name] = Origin(_checked(name, in_file[name], where), str(config_path()))
        else:
            found[name] = Origin(field.default, DEFAULT)
    return found


def unknown_variables() -> list[str]:
    """Variables of the environment that are named like settings, and are none."""
    known = {PREFIX + "HOME", *(PREFIX + field.name.upper() for field in fields(Settings))}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _read_config(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: is no TOML ({error}); write lines like max_posts = 400"
        ) from None
    unknown = sorted(content.keys() - MEANINGS.keys())
    if unknown:
        raise UsageError(
            f"{path}: there is no setting {unknown[0]!r}; there are {', '.join(MEANINGS)}"
        )
    return content


def _parsed(name: str, text: str, where: str) -> Any:
    """The value that an environment variable spells."""
    kind = type(getattr(Settings(), name))
    if kind is str:
        return _checked(name, text, where)
    try:
        return _checked(name, kind(text), where)
    except ValueError:
        raise UsageError(f"{where}: {text!r} is no {_kind_name(kind)}") from None


def _checked(name: str, value: Any, where: str) -> Any:
    """A value of the right kind and size."""
    kind = type(getattr(Settings(), name))
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise UsageError(f"{where}: {value!r} is no {_kind_name(kind)}")
    if kind is not str:
        least = _LEAST.get(name, 0)
        if not (math.isfinite(value) and value >= least):
            raise UsageError(f"{where}: {value} is no number from {least} up")
        if value > _MOST.get(name, math.inf):
            raise UsageError(f"{where}: {value} is more than {_MOST[name]:g}")
    return value


def _kind_name(kind: type) -> str:
    return {int: "whole number", float: "number", str: "text"}[kind]
