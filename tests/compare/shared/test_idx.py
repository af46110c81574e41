"""The reader of IDX files: right, or refused with a clear error."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from compare.shared.errors import BadInput
from compare.shared.idx import read_idx

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def gzipped(content):
    return gzip.compress(content, mtime=0)  # without the time, so that the same content gives the same file


def packed(array):
    return struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()


@given(
    arrays(np.uint8, array_shapes(min_dims=1, max_dims=1, max_side=40) | array_shapes(min_dims=3, max_dims=3)),
    st.booleans(),
)
def test_what_was_written_is_read_back_plain_or_gzipped(tmp_path_factory, array, zipped):
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzipped(packed(array)) if zipped else packed(array))
    np.testing.assert_array_equal(read_idx(path, array.ndim), array, strict=True)


@given(st.data(), st.booleans())
def test_a_damaged_file_is_read_with_its_stated_shape_or_refused(tmp_path_factory, data, zipped):
    content = bytearray(gzipped(packed(IMAGES)) if zipped else packed(IMAGES))
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[position] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))] + data.draw(st.binary(max_size=3))
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(content)
    try:
        array = read_idx(path, 3)
    except BadInput as error:
        assert str(path) in str(error)  # noqa: PT017 - either outcome is right, and this one must name the file
    else:
        assert array.dtype == np.uint8
        assert array.ndim == 3


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut", packed(IMAGES)[:-1], "holds only 23"),
        ("cut.gz", gzipped(packed(IMAGES)[:-1]), "holds only 23"),
        ("long", packed(IMAGES) + b"x", "holds more"),
        ("torn.gz", gzipped(packed(IMAGES))[:-9], "damaged gzip file"),
        ("flipped.gz", gzipped(packed(IMAGES))[:-8] + b"\0" * 8, "CRC check failed"),
        ("plain.gz", packed(IMAGES), "not a gzip file"),
        ("header", b"\0\0\x08\x03\0\0", "ends within its header"),
        ("labels", packed(IMAGES[0, 0]), "ends within its header|magic number 2049; expected 2051"),
        ("magic", b"\0\0\x0d\x03" + packed(IMAGES)[4:], "magic number 3331; expected 2051"),
        ("empty", b"", "ends within its header"),
        ("bomb.gz", gzipped(struct.pack(">4I", 2051, 60000, 28000, 28000)), "cannot hold"),
        ("endless", struct.pack(">4I", 2051, 0, 2**32 - 1, 2**32 - 1), "which no file can hold"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_file_is_refused_with_its_name_and_the_reason(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=message) as refusal:
        read_idx(path, 3)
    assert str(path) in str(refusal.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"nowhere cannot be read: No such file"):
        read_idx(tmp_path / "nowhere", 3)


def test_a_gzip_bomb_is_never_unpacked_beyond_the_size_its_header_states(tmp_path, monkeypatch):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(packed(IMAGES) + bytes(50_000_000), 9))
    asked = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda self, size=-1: asked.append(size) or read(self, size))
    with pytest.raises(BadInput, match="holds more"):
        read_idx(path, 3)
    assert asked == [16, 25]
