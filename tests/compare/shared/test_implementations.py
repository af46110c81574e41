"""Which network is built, and that it is this project's."""

import numpy as np
import pytest

from compare.shared.errors import BadInput
from compare.shared.initial import initial_parameters
from compare.worlds import NAMES, build


@pytest.mark.parametrize("name", NAMES)
def test_three_layers_come_from_network_py_and_other_depths_from_deep_py(name):
    for sizes, module in (((4, 3, 3, 2), "network"), ((4, 3, 2), "deep"), ((4, 3, 3, 3, 2), "deep")):
        assert type(build(name, initial_parameters(sizes))).__module__ == f"{name}.{module}"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_parameters_that_are_not_finite_are_refused_by_name(bad):
    start = initial_parameters((4, 3, 3, 2))
    start["b2"][1] = bad
    with pytest.raises(BadInput, match="parameter b2 holds a value that is not finite"):
        build("manual", start)
