"""The arrays that a function keeps alive are found wherever in its closure they lie."""

import numpy as np

from compare.shared.closures import held_arrays


def test_arrays_are_found_in_tuples_and_inner_functions_with_the_names_of_their_variables():
    a, pair, number = np.zeros(1), (np.zeros(2), (np.zeros(3), "text")), 4.0
    in_a_tuple = (lambda: a,)

    def inner():
        return pair

    def vjp():
        return a, inner, in_a_tuple, number

    found = [(name, array.size) for name, array in held_arrays(vjp)]
    assert sorted(found) == [("a", 1), ("a", 1), ("pair", 2), ("pair", 3)]


def test_a_function_without_a_closure_holds_nothing():
    assert list(held_arrays(lambda: 1)) == []
