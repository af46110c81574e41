"""20,000 damaged, lying and hostile data files: each is read as another decoder reads it, or refused by name.

The decoder here is written from the formats' own texts (RFC 1951 and 1952, the notice of MNIST) and shares nothing with
the reader but zlib's inflate.
"""

import functools
import gzip
import math
import random
import struct
import sys
import tempfile
import tracemalloc
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from compare.shared.dataset import load_mnist
from compare.shared.errors import BadInput
from compare.shared.idx import CHUNK, read_idx

FILES = 20_000
LONGEST = 2**17  # bytes; what is honest here is far shorter
BUFFERS = 2**18  # those of `open` and of gzip, and an error with its message
PARTS = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def decode(content, dimensions, name):
    """The array in these bytes, or None where they are not a whole and honest IDX file of that many dimensions."""
    packed = content[:2] == b"\x1f\x8b"
    if name.endswith(".gz") and not packed:
        return None
    payload = unpack(content) if packed else content
    header = 4 + 4 * dimensions
    if payload is None or len(payload) < header or payload[:4] != bytes((0, 0, 8, dimensions)):
        return None
    shape = [int.from_bytes(payload[k : k + 4], "big") for k in range(4, header, 4)]
    if len(payload) - header != math.prod(shape) or math.prod(n or 1 for n in shape) > sys.maxsize:
        return None
    return np.array(list(payload[header:]), np.uint8).reshape(shape)


def unpack(content):
    """Gzip, member by member, with zeros allowed after each; None where it is damaged, or longer than LONGEST."""
    payload = b""
    while content:
        flags, at = content[3:4], 10
        if content[:3] != b"\x1f\x8b\x08" or len(content) < at:
            return None
        if flags[0] & 4:
            at += 2 + int.from_bytes(content[at : at + 2], "little")
        for flag in (8, 16):
            if flags[0] & flag:
                at = content.find(b"\0", at) + 1
                if at == 0:
                    return None
        at += flags[0] & 2
        inflate = zlib.decompressobj(-15)
        try:
            part = inflate.decompress(content[at:], LONGEST + 1)
        except zlib.error:
            return None
        payload += part
        if not inflate.eof or len(payload) > LONGEST:
            return None
        if inflate.unused_data[:8] != struct.pack("<II", zlib.crc32(part), len(part)):
            return None
        content = inflate.unused_data[8:].lstrip(b"\0")
    return payload


# How a file is spoilt. Each takes the random numbers and the bytes, and gives others.


def flip(random, content):
    spoilt = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 5)) if spoilt else 0):
        spoilt[random.randrange(len(spoilt))] ^= random.randrange(1, 256)
    return bytes(spoilt)


def cut(random, content):
    return content[: random.randrange(len(content) + 1)]


def grow(random, content):
    return content + random.choice((b"\0", b"x", random.randbytes(random.randrange(1, 40)), bytes(20), content))


def drop_some(random, content):
    start = random.randrange(len(content) + 1)
    return content[:start] + content[start + random.randrange(5) :]


def lie(random, content):
    """Another length in the header: a bit more or less, the largest there is, none, or a huge one beside none."""
    spoilt = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 3))):
        at = random.choice((4, 8, 12))
        length = int.from_bytes(spoilt[at : at + 4], "big")
        lied = random.choice((length + 1, max(length - 1, 0), 0, 2**31, 2**32 - 1, 2**16, random.randrange(2**32)))
        spoilt[at : at + 4] = struct.pack(">I", min(lied, 2**32 - 1))
    return bytes(spoilt)


def other_magic(random, content):
    return struct.pack(">I", random.choice((0, 0x0801, 0x0803, 0x0D03, 0x01080000, 0x1F8B0803))) + content[4:]


def spoil_the_trailer(random, content):
    return content[:-8] + flip(random, content[-8:])


def add_a_member(random, content):
    return content + gzip.compress(random.choice((b"", b"x", bytes(30))), 1)


def pad_and_add(random, content):
    return content + bytes(random.randrange(1, 9)) + random.choice((b"", gzip.compress(b"", 1), b"junk"))


PLAINLY = (flip, cut, grow, drop_some, lie, lie, other_magic)
PACKED = (flip, flip, cut, grow, drop_some, spoil_the_trailer, add_a_member, pad_and_add)


def honest(random, dimensions):
    """A small file as it should be."""
    shape = [random.choice((1, 1, 2, 3, 7)) for _ in range(dimensions)]
    pixels = bytes(random.randrange(10) for _ in range(math.prod(shape)))
    return struct.pack(f">{1 + dimensions}I", 0x0800 + dimensions, *shape) + pixels


def pack(random, payload):
    """As one gzip member or two, some with the optional fields of the format: extra, name, comment, header checksum."""
    at = random.choice((len(payload), random.randrange(len(payload) + 1)))
    if random.random() < 0.7:
        return b"".join(gzip.compress(part, 1) for part in (payload[:at], payload[at:]) if part)
    flags = random.choice((0, 1, 2, 4, 8, 16, 30))
    fields = b"\3\0abc" * bool(flags & 4) + b"name\0" * bool(flags & 8) + b"said\0" * bool(flags & 16)
    body = zlib.compress(payload, 1)[2:-4]
    header = b"\x1f\x8b\x08" + bytes((flags,)) + bytes(6) + fields + b"\0\0" * bool(flags & 2)
    return header + body + struct.pack("<II", zlib.crc32(payload), len(payload))


@functools.cache
def zeros(gigabytes):
    """So many of zeros, as the middle of a deflate stream: some 65 kB for a sixteenth of one, again and again."""
    deflate = zlib.compressobj(9, wbits=-15)
    piece = deflate.compress(bytes(2**26)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return piece * (16 * gigabytes)


def bomb(random, dimensions):
    """A file of some 2 MB that begins like an honest one and unpacks to 2 GB."""
    deflate = zlib.compressobj(9, wbits=-15)
    start = deflate.compress(honest(random, dimensions)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + bytes(7) + start + zeros(2) + bytes(random.randrange(20))


def hollow(random, dimensions):
    """A file of 100 kB that states as much as so many bytes could unpack to, and holds next to nothing."""
    shape = [random.randrange(50_000_000, 100_000_000), *[1] * (dimensions - 1)]
    payload = struct.pack(f">{1 + dimensions}I", 0x0800 + dimensions, *shape) + bytes(random.randrange(9))
    return gzip.compress(payload, 1) + b"x" * 100_000


def hostile(random, dimensions):
    """The bytes of a file, and how they were made."""
    kind = random.random()
    if kind < 0.005:
        return bomb(random, dimensions), "bomb"
    if kind < 0.02:
        return hollow(random, dimensions), "hollow"
    payload = honest(random, dimensions)
    if random.random() < 0.6:
        payload = random.choice(PLAINLY)(random, payload)
    if random.random() < 0.5:
        return payload, "plain"
    content = pack(random, payload)
    while random.random() < 0.5:
        content = random.choice(PACKED)(random, content)
    return content, "packed"


def memory_and_outcome(read):
    """The most memory that reading took, what it gave (None where it was refused), and the refusal."""
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    try:
        found, refusal = read(), None
    except BadInput as error:
        found, refusal = None, str(error)
    return tracemalloc.get_traced_memory()[1] - before, found, refusal


@pytest.fixture
def folder():
    """In memory where the system has a place for that: most of the time would go into opening files on a disk."""
    in_memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=in_memory if in_memory.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def traced():
    tracemalloc.start()
    yield
    tracemalloc.stop()


def together(images, labels, test_images, test_labels):
    """Whether four arrays, or None for those that cannot be read, make a set."""
    arrays = (images, labels, test_images, test_labels)
    return (
        all(array is not None and array.size for array in arrays)
        and (len(images), len(test_images)) == (len(labels), len(test_labels))
        and images.shape[1:] == test_images.shape[1:]
        and max(labels.max(), test_labels.max()) <= 9
    )


@pytest.mark.slow
@pytest.mark.usefixtures("traced")
def test_each_of_20_000_hostile_files_is_read_rightly_or_refused_by_name_in_the_memory_that_is_honest(folder):
    rng = random.Random(0)
    counted = Counter()
    for _ in range(FILES):
        dimensions = rng.choice((1, 3))
        content, kind = hostile(rng, dimensions)
        path = folder / rng.choice(("file", "file", "file.gz"))
        path.write_bytes(content)
        expected = decode(content, dimensions, path.name)
        memory, found, refusal = memory_and_outcome(functools.partial(read_idx, path, dimensions))

        assert (found is None) == (expected is None), (kind, content[:200], refusal)
        if found is None:
            assert str(path) in refusal
            assert "\n" not in refusal
            assert len(refusal) < 300 + len(str(path))
        else:
            np.testing.assert_array_equal(found, expected, strict=True)
        assert memory <= CHUNK + BUFFERS, (kind, memory)  # each honest file here is smaller than that
        counted[kind, "refused" if found is None else "read"] += 1

    print(dict(counted))
    for kind in ("plain", "packed"):
        assert counted[kind, "read"] > FILES / 20
        assert counted[kind, "refused"] > FILES / 20
    for kind in ("bomb", "hollow"):
        assert counted[kind, "refused"] > 50
        assert counted[kind, "read"] == 0


def test_a_set_with_a_hostile_file_among_its_four_is_loaded_rightly_or_refused_by_name(folder):
    rng = random.Random(1)
    shape = np.array([[[1, 2]], [[3, 4]]], np.uint8)
    good = dict(zip(PARTS, (shape, np.array([0, 9], np.uint8)) * 2, strict=True))
    loaded = 0
    for _ in range(1000):
        spoilt = rng.choice(PARTS)
        arrays = dict(good)
        for part, array in good.items():
            content = struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()
            if part == spoilt:
                content = rng.choice(PLAINLY)(rng, content)
                arrays[part] = decode(content, array.ndim, part)
            (folder / part).write_bytes(content)
        try:
            found = load_mnist(folder)
        except BadInput as error:
            assert not together(*arrays.values())
            assert str(folder) in str(error)  # noqa: PT017 - either outcome may be right, and this one names the file
        else:
            loaded += 1
            assert together(*arrays.values())
            images, labels, test_images, test_labels = arrays.values()
            np.testing.assert_array_equal(found.train_images, images.reshape(len(images), -1))
            np.testing.assert_array_equal(found.test_images, test_images.reshape(len(test_images), -1))
            np.testing.assert_array_equal(found.train_labels, labels)
            np.testing.assert_array_equal(found.test_labels, test_labels)
    assert 50 < loaded < 950


@pytest.mark.usefixtures("traced")
def test_a_large_honest_file_takes_its_own_size_and_at_most_an_eighth_more(folder):
    size = 2**25
    path = folder / "large.gz"
    path.write_bytes(gzip.compress(struct.pack(">2I", 0x0801, size) + bytes(size), 1))
    memory, found, _ = memory_and_outcome(lambda: read_idx(path, 1))
    assert found.size == size
    assert memory <= size * 9 // 8 + CHUNK + BUFFERS
