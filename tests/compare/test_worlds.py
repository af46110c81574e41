"""The worlds: one file each, from which everything else follows."""

import itertools

import numpy as np
import pytest

from compare import worlds
from compare.shared.errors import BadInput
from compare.shared.initial import initial_parameters
from compare.worlds import AUTOGRAD, MANUAL, NAMES, PAIRS, TORCH_REF, WORLDS, build, world


@pytest.mark.parametrize("name", NAMES)
def test_three_layers_come_from_network_py_and_other_depths_from_deep_py(name):
    for sizes, module in (((4, 3, 3, 2), "network"), ((4, 3, 2), "deep"), ((4, 3, 3, 3, 2), "deep")):
        assert type(build(name, initial_parameters(sizes))).__module__ == f"{name}.{module}"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_parameters_that_are_not_finite_are_refused_by_name(bad):
    start = initial_parameters((4, 3, 3, 2))
    start["b2"][1] = bad
    with pytest.raises(BadInput, match="parameter b2 holds a value that is not finite"):
        build(MANUAL, start)


def test_names_and_pairs_follow_from_the_files_in_their_order():
    assert NAMES[:3] == (MANUAL, AUTOGRAD, TORCH_REF)
    assert tuple(itertools.combinations(NAMES, 2)) == PAIRS


def test_a_file_put_into_the_folder_is_a_world(tmp_path, monkeypatch):
    (tmp_path / "another.py").write_text(
        "from compare.worlds.world import World\n"
        "class Another(World):\n"
        "    name, title, where, place = 'another', 'another', 'in another', 40\n"
        "WORLD = Another()\n"
    )
    monkeypatch.setattr(worlds, "__path__", [*worlds.__path__, str(tmp_path)])
    assert tuple(worlds._found()) == (*NAMES, "another")


def test_no_two_worlds_look_alike():
    for what in ("title", "where", "place", "colour", "marker", "colours", "nodes_key"):
        assert len({getattr(one, what) for one in WORLDS.values()}) == len(WORLDS), what


@pytest.mark.parametrize("name", [AUTOGRAD, TORCH_REF])
def test_what_is_left_in_the_leaves_are_the_gradients_in_the_shapes_of_the_parameters(name):
    random, start = np.random.default_rng(0), initial_parameters((5, 4, 3, 2), "he")
    x, labels = random.random((6, 5)), random.integers(0, 2, 6)
    net = build(name, start)
    world(name).recorded_loss(net, x, labels).backward()
    left, (_, expected) = world(name).gradients_left(net), build(name, start).gradients(x, labels)
    assert list(left) == list(world(name).leaves(net)) == list(start)
    assert all(np.array_equal(left[parameter], expected[parameter]) for parameter in start)
