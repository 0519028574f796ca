"""Files elsewhere: whatever fsspec reads, such as s3://, gs://, hdfs:// or https:// addresses."""

import re
from typing import Any, BinaryIO, cast

from positivity.errors import InputError, UsageError

STDIN = "-"  # what standard input is called among the files
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PATTERN = re.compile(r"[*?\[]")


def is_url(path: str) -> bool:
    """Whether a path names something that the operating system does not open by itself."""
    return _URL.match(path) is not None


def is_pattern(path: str) -> bool:
    """Whether a path may stand for several files, by wildcards."""
    return _PATTERN.search(path) is not None


def url_name(url: str) -> str:
    """An address as it may be shown: without what may be a secret, a password or a signature."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    if scheme.lower() in ("http", "https"):
        path = path.partition("?")[0]
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def file_system(url: str) -> tuple[Any, str]:
    """What fsspec reads an address or a local path with, and the path within.

    Raises:
        InputError: it cannot be reached.
        UsageError: the address is of a kind that nothing installed here knows.
    """
    from fsspec.core import url_to_fs

    try:
        return cast(tuple[Any, str], url_to_fs(url))
    except ImportError as error:
        raise UsageError(
            f"{url_name(url)}: such addresses need one more package ({error}); install it on all "
            "machines that read them"
        ) from None
    except OSError as error:  # some connect at once
        raise InputError(f"{url_name(url)}: cannot be read ({_first_line(error)})") from None
    except Exception as error:  # each kind of storage has errors of its own
        raise UsageError(f"{url_name(url)}: cannot be used ({_first_line(error)})") from None


def open_url(url: str) -> tuple[BinaryIO, int | None]:
    """An address, open for reading, and its size if that is known.

    Raises:
        InputError: it cannot be read.
        UsageError: it is of a kind that nothing installed here knows.
    """
    system, path = file_system(url)
    try:
        file = system.open(path, "rb")
    except FileNotFoundError:
        raise InputError(f"{url_name(url)}: there is no such file; check the address") from None
    except Exception as error:
        raise InputError(f"{url_name(url)}: cannot be read ({_first_line(error)})") from None
    return cast(BinaryIO, file), getattr(file, "size", None)


def expand(path: str) -> list[str]:
    """The addresses of the files that a pattern or a folder stands for; else the path alone.

    Raises:
        InputError: nothing is there.
        UsageError: the address is of a kind that nothing installed here knows.
    """
    if not is_url(path) or path.lower().startswith(("http:", "https:")):
        return [path]
    system, inner = file_system(path)
    try:
        if is_pattern(inner):
            found = sorted(system.glob(inner))
        elif path.endswith("/") or system.isdir(inner):
            found = sorted(system.find(inner))
        else:
            return [path]
    except Exception as error:
        raise InputError(f"{url_name(path)}: cannot be listed ({_first_line(error)})") from None
    if not found:
        raise InputError(f"{url_name(path)}: no file is there; check the address")
    return [system.unstrip_protocol(each) for each in found]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
