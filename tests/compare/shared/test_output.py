"""Files appear whole or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest

from compare.shared.errors import BadInput
from compare.shared.output import Output, dump_json


def test_a_folder_that_cannot_be_written_is_refused_before_the_work_begins(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"--out .*file/results cannot be written"):
        Output(tmp_path / "file" / "results").open()


def test_nothing_half_written_is_left_under_a_final_name(tmp_path, monkeypatch):
    output = Output(tmp_path)
    write = Path.write_bytes

    def write_half_and_fail(self, content):
        write(self, content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    output.write("kept.txt", b"old")
    monkeypatch.setattr(Path, "write_bytes", write_half_and_fail)
    for name in ("kept.txt", "new.txt"):
        with pytest.raises(BadInput, match=r"\.txt cannot be written: No space left on device"):
            output.write(name, b"new content")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"kept.txt": b"old"}


def test_numbers_that_json_does_not_know_become_null():
    content = {"a": float("nan"), "b": [np.float32(0.5), np.inf, np.arange(2)], "c": (True, None, Path("x"))}
    assert json.loads(dump_json(content)) == {"a": None, "b": [0.5, None, [0, 1]], "c": [True, None, "x"]}


def test_floats_in_a_table_read_back_to_the_bit(tmp_path):
    value = 0.1 + 0.2
    path = Output(tmp_path).write_csv("t.csv", ("x",), [(value,)])
    assert float(path.read_text().splitlines()[1]) == value


def test_a_file_that_is_set_aside_gets_the_first_number_that_is_free(tmp_path):
    output = Output(tmp_path)
    output.set_aside("page.html")
    for content in (b"first", b"second"):
        output.write("page.html", content)
        output.set_aside("page.html")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "page-1.html": b"first", "page-2.html": b"second",
    }  # fmt: skip


def test_a_file_that_cannot_be_set_aside_is_a_clear_error(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(30, "Read-only file system")

    output = Output(tmp_path)
    output.write("page.html", b"")
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(BadInput, match=r"page\.html cannot be renamed to keep it: Read-only file system"):
        output.set_aside("page.html")
