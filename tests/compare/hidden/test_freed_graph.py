"""The second backward: refused, or added."""

import copy

from compare.hidden.experiments import freed_graph


def test_twice_runs_where_the_graph_is_retained_and_tells_the_error_where_it_is_not():
    for w in freed_graph.leaves("float64").values():
        assert freed_graph.twice((w * w).sum(), retain=True) == ""
        assert list(w.grad) == [4, 4, 4]
        assert "retain_graph=True" in freed_graph.twice((w * w).sum(), retain=False)


def test_what_is_refused_on_the_engine_leaves_the_first_gradient(tiny_settings, tiny, quiet):
    finding = freed_graph.judge(freed_graph.measure(tiny_settings, tiny, quiet))
    assert finding.holds
    w = freed_graph.leaves("float64")["autograd"]
    freed_graph.twice((w + 1).sum(), retain=False)
    assert list(w.grad) == [1, 1, 1]


def test_a_second_backward_that_runs_or_does_not_add_does_not_hold(tiny_settings, tiny, quiet):
    measured = freed_graph.judge(freed_graph.measure(tiny_settings, tiny, quiet)).measured
    times, messages = measured["times_right_gradient"], measured["messages"]
    assert not freed_graph.judge(freed_graph.Measured(times, messages, same=False)).holds
    for name, case, value in (
        ("autograd", "second", 2.0),
        ("torch_ref", "retained", 1.0),
        ("torch_ref", "second", 2.0),
    ):
        changed = copy.deepcopy(times)
        changed[name][case] = value
        assert not freed_graph.judge(freed_graph.Measured(changed, messages, same=True)).holds
