"""Compressed bytes: known by how they begin, and unpacked as they are read."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from typing import Any, BinaryIO, cast

import pyarrow as pa

# What is raised over bytes that are damaged or end too soon. Of the bare OSErrors only those
# without a number speak of the bytes; the others come from the disk.
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile)

_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # the first block, or the end of an empty file


def compression_of(head: bytes) -> str | None:
    """The name of the compression of a file that begins with `head`; None when it has none."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"BZh") and head[3:4].isdigit() and head[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    if head.startswith(b"\xfd7zXZ\0"):
        return "xz"
    return "zstd" if head.startswith(b"\x28\xb5\x2f\xfd") else None


def decompressed(compression: str, file: io.RawIOBase) -> Any:
    """A file with a method `read1` that gives what `file` holds compressed."""
    buffered = cast(BinaryIO, io.BufferedReader(file))
    if compression == "gzip":
        return gzip.GzipFile(fileobj=buffered)
    if compression == "bzip2":
        return bz2.BZ2File(buffered)
    if compression == "xz":
        return lzma.LZMAFile(buffered)
    return pa.CompressedInputStream(pa.PythonFile(buffered, mode="r"), compression)


def is_broken(error: Exception) -> bool:
    """Whether an error while unpacking means that the bytes themselves are damaged."""
    return isinstance(error, BROKEN) or (isinstance(error, OSError) and error.errno is None)
