"""The IDX format of the MNIST files: big-endian, a magic number, one 32-bit length per dimension, then the bytes.

Source of the format: the data set's own notice. Magic 2049 (0x0801) is a vector of bytes, 2051 (0x0803) three
dimensions of bytes.
"""

import gzip
import io
import math
import struct
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from compare.shared.errors import BadInput

GZIP_MAGIC = b"\x1f\x8b"
#: The most bytes that one byte of deflate can unpack to (RFC 1951: 258 bytes in two bits), rounded up.
LARGEST_EXPANSION = 1040
CHUNK = 2**16


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """The array in an IDX file of unsigned bytes, plain or gzipped: uint8, read-only, of the shape that it states.

    Never reads more than the header promises, nor takes the memory that it promises before the bytes are there.
    Raises BadInput for a file that is missing, cut short, too long, damaged or of another kind.
    """
    try:
        size_on_disk = path.stat().st_size
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC
        if path.suffix == ".gz" and not packed:
            raise BadInput(f"{path} is not a gzip file, though its name ends in .gz. Rename it, or pack it with gzip.")
        with gzip.open(path) if packed else path.open("rb") as file:
            shape = _read_shape(file.read(4 * (1 + dimensions)), dimensions, path)
            expected = math.prod(shape)
            if expected > size_on_disk * (LARGEST_EXPANSION if packed else 1):
                raise BadInput(
                    f"{path} states {_times(shape)} = {expected:,} bytes of data, which a file of "
                    f"{size_on_disk:,} bytes cannot hold. It is cut short, or its header is damaged."
                )
            content = _read_up_to(expected + 1, file)  # one more, to notice a file that goes on
    except OSError as error:  # gzip.BadGzipFile is one of these
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    except (EOFError, zlib.error) as error:
        raise BadInput(f"{path} is a damaged gzip file ({error}). Get it again.") from error
    if len(content) != expected:
        found = f"only {len(content):,}" if len(content) < expected else "more"
        raise BadInput(f"{path} should hold {_times(shape)} = {expected:,} bytes after its header and holds {found}.")
    array = np.frombuffer(content, np.uint8).reshape(shape)
    array.flags.writeable = False
    return array


def _read_up_to(size: int, file: io.BufferedIOBase) -> bytearray:
    """That many bytes, or all that there are; `file.read(size)` would take memory for all of them at once."""
    content = bytearray()
    while len(content) < size and (chunk := file.read(min(CHUNK, size - len(content)))):
        content += chunk
    return content


def _read_shape(header: bytes, dimensions: int, path: Path) -> tuple[int, ...]:
    expected = 0x0800 + dimensions
    if len(header) < 4 * (1 + dimensions):
        raise BadInput(f"{path} ends within its header: it holds {len(header)} bytes.")
    magic, *shape = struct.unpack(f">{1 + dimensions}I", header)
    if magic != expected:
        raise BadInput(
            f"{path} begins with the magic number {magic}; expected {expected}, an IDX file of unsigned bytes with "
            f"{dimensions} dimension{'s' if dimensions > 1 else ''}."
        )
    if math.prod(length for length in shape if length) > sys.maxsize:  # beside a length of 0 it would pass for empty
        raise BadInput(f"{path} states {_times(shape)} bytes of data, which no file can hold. Its header is damaged.")
    return tuple(shape)


def _times(shape: Sequence[int]) -> str:
    return " x ".join(f"{length:,}" for length in shape)
