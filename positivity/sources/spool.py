"""Bytes that can be read from any place, for formats whose table of contents stands at the end."""

import shutil
import tempfile
from typing import BinaryIO, cast

from positivity.sources.reading import ByteStream


def seekable(stream: ByteStream) -> BinaryIO:
    """The file behind a stream, or a copy on disk where it has none; the stream is closed."""
    with stream:
        if stream.path is not None and stream.bytes_total is not None and not stream.zipped:
            return stream.path.open("rb")
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who asked for it
        try:
            shutil.copyfileobj(stream, copy)
        except BaseException:
            copy.close()
            raise
    copy.seek(0)
    return cast(BinaryIO, copy)
