"""The examples in the engine's README do what it says."""

import re
from pathlib import Path

import numpy as np

import autograd

README = Path(autograd.__file__).with_name("README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_first_example_prints_what_stands_beside_it(capsys):
    exec(BLOCKS[0], {})
    printed = " ".join(capsys.readouterr().out.split())
    assert printed == " ".join(" ".join(re.findall(r"# (\[\[.*)", BLOCKS[0])).split())


def test_the_example_of_an_operation_of_ones_own_has_the_right_gradient():
    names = {}
    exec(BLOCKS[1], names)
    x = autograd.Tensor(np.array([2.0, -1.0]), requires_grad=True)
    names["cube"](x).sum().backward()
    assert x.grad.tolist() == [12, 3]


def test_every_file_of_the_engine_is_in_the_order_of_reading():
    files = {path.name for path in Path(autograd.__file__).parent.glob("*.py")} - {"__init__.py"}
    assert files == set(re.findall(r"`(\w+\.py)`", README.split("## An operation")[0].split("## Reading it")[1]))
