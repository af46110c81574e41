import math

import numpy as np
import pytest

from compare.parity.sizes import BUGS, shortened, smallest_sizes
from compare.parity.tables import print_sizes


@pytest.fixture(scope="module")
def smallest(mnist):
    return smallest_sizes(mnist, rows=(64, 256), dtypes=("float32",))


def test_every_bug_is_shrunk_for_each_number_of_rows(smallest):
    assert [(one.rows, one.bug, one.line) for one in smallest] == [(m, b.name, b.line) for m in (64, 256) for b in BUGS]


def test_all_bugs_but_one_inside_a_logarithm_are_caught_in_float32(smallest):
    missed = [(one.bug, one.rows) for one in smallest if not 0 < one.judge <= 1]
    assert missed == [("log(p + 1e-8)", 64), ("log(p + 1e-8)", 256)]


def test_a_derived_tolerance_catches_what_is_a_hundredth_of_what_assert_close_catches_in_gradients(smallest):
    for one in smallest:
        if one.line.startswith("d"):
            assert one.judge < one.assert_close / 30, one


def test_the_right_line_is_no_bug_to_the_judge_but_is_one_to_allclose(smallest):
    assert all(one.judge > 0 for one in smallest)
    assert [one.line for one in smallest if one.allclose == 0] == ["z1", "z1"]


def test_numbers_are_shortened_to_nearest():
    x = np.array([1 + 2.0**-8, 1 + 2.0**-7, 3.14159, -0.1, 0], np.float32)
    assert shortened(x, 8).tolist() == [1.0, 1 + 2.0**-7, 3.140625, -0.10009765625, 0]


def test_the_table_says_what_is_missed_and_what_right_code_fails(smallest, capsys):
    print_sizes(smallest[:3])
    said = capsys.readouterr().out
    assert "right code fails" in said
    assert "missed" in said
    assert math.isfinite(smallest[0].judge)
