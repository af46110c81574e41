"""What figures have in common: the settings under them, and the unit roundoff as a line."""

import numpy as np
import pytest

from compare.shared.figures import draw_roundoff, name_settings, new_figure
from compare.shared.settings import Settings


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_line_lies_at_half_the_distance_from_1_to_the_next_number_and_says_so(dtype):
    axes = new_figure().subplots()
    roundoff = draw_roundoff(axes, dtype)
    one = np.dtype(dtype).type(1)
    assert roundoff == (np.nextafter(one, 2 * one) - one) / 2
    assert list(axes.lines[0].get_ydata()) == [roundoff] * 2
    assert axes.lines[0].get_label() == f"unit roundoff of\n{dtype}, {roundoff:.1e}"


@pytest.mark.parametrize(("size", "named"), [(1024, "batches of 1,024"), (None, "the whole set as one batch")])
def test_a_figure_tells_its_settings(size, named):
    figure = new_figure()
    name_settings(figure, Settings(dtype="float32", seed=7, batch_size=size, learning_rate=0.25))
    assert figure.get_supxlabel().startswith(f"float32, seed 7, {named}, learning rate 0.25;")
