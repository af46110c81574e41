"""The examples in the engine's README do what it says."""

import re
from pathlib import Path

import numpy as np
import pytest

import autograd

ROOM = Path(autograd.__file__).parent
README = (ROOM / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
PRINTING = [block for block in BLOCKS if "print(" in block]


@pytest.mark.parametrize("block", PRINTING, ids=["tensors", "the network by hand", "functions"])
def test_an_example_prints_what_stands_beside_it(block, capsys):
    exec(block, {})
    beside = re.findall(r"^ *print\(.*\)  # (.*?)(?:, which .*)?$", block, re.MULTILINE)
    assert " ".join(capsys.readouterr().out.split()) == " ".join(" ".join(beside).split())


def test_the_example_of_an_operation_of_ones_own_has_the_right_gradient():
    names = {}
    exec(next(block for block in BLOCKS if "def cube" in block), names)
    x = autograd.Tensor(np.array([2.0, -1.0]), requires_grad=True)
    names["cube"](x).sum().backward()
    assert x.grad.tolist() == [12, 3]
    assert autograd.grad(autograd.grad(names["cube"]))(2.0) == 12  # its second derivative, 6 x


def test_every_file_of_the_engine_is_in_the_order_of_reading():
    files = {path.name for path in ROOM.glob("*.py")} - {"__init__.py"}
    assert files == set(re.findall(r"`(\w+\.py)`", README.split("To see that an op")[0].split("## Reading it")[1]))


def test_the_number_of_lines_is_what_wc_counts():
    networks = {"network.py", "deep.py", "slices.py"}
    lines = sum(len(path.read_text().splitlines()) for path in ROOM.glob("*.py") if path.name not in networks)
    (stated,) = re.findall(r"some ([\d,]+) lines", README)
    assert abs(lines - int(stated.replace(",", ""))) <= 20


def test_an_earlier_file_in_the_order_of_reading_imports_no_later_one():
    order = re.findall(r"^\d+\. (.*?):", README.split("## Reading it")[1], re.MULTILINE)
    files = [name for names in order for name in re.findall(r"`(\w+)\.py`", names)]
    assert len(files) > 10
    for k, name in enumerate(files):
        imported = set(
            re.findall(r"^from autograd(?:\.(\w+))? import", (ROOM / f"{name}.py").read_text(), re.MULTILINE)
        )
        assert not imported & set(files[k + 1 :]), f"{name}.py reaches ahead"
