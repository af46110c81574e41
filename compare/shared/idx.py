"""The IDX format of the MNIST files: big-endian, a magic number, one 32-bit length per dimension, then the bytes.

Source of the format: the data set's own notice. Magic 2049 (0x0801) is a vector of bytes, 2051 (0x0803) three
dimensions of bytes.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from compare.shared.errors import BadInput

GZIP_MAGIC = b"\x1f\x8b"
#: The most bytes that one byte of deflate can unpack to (RFC 1951: 258 bytes in two bits), rounded up.
LARGEST_EXPANSION = 1040


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """The array in an IDX file of unsigned bytes, plain or gzipped: uint8, of the shape that the file states.

    Never reads more than the header promises, nor believes a header that promises more than the file can hold.
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
            content = file.read(expected + 1)  # one more, to notice a file that goes on
    except OSError as error:  # gzip.BadGzipFile is one of these
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    except (EOFError, zlib.error) as error:
        raise BadInput(f"{path} is a damaged gzip file ({error}). Get it again.") from error
    if len(content) != expected:
        found = f"only {len(content):,}" if len(content) < expected else "more"
        raise BadInput(f"{path} should hold {_times(shape)} = {expected:,} bytes after its header and holds {found}.")
    return np.frombuffer(content, np.uint8).reshape(shape)


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
    return tuple(shape)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{length:,}" for length in shape)
