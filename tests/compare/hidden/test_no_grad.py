"""A recorded update: the graph that grows, and the training that is the same."""

from compare.hidden.experiments import no_grad


def test_six_weights_recorded_are_six_nodes_more_a_step_and_none_under_no_grad(tiny_settings, tiny, quiet):
    finding = no_grad.judge(no_grad.measure(tiny_settings, tiny, quiet))
    for by_way in finding.measured["growth"].values():
        first, *rest = by_way["recorded"]["nodes"]
        assert rest == [first + 6 * k for k in range(1, no_grad.STEPS)]
        assert by_way["no_grad"]["nodes"] == [first] * no_grad.STEPS
        assert len(set(by_way["recorded"]["bytes"])) == 1  # a subtraction needs no array on the way back
    assert finding.measured["engine_refuses_at_step"] == 3  # the update of step 1 is freed in step 2
    assert finding.holds


def test_a_graph_that_grows_under_no_grad_or_not_when_recorded_does_not_hold(tiny_settings, tiny, quiet):
    result = no_grad.measure(tiny_settings, tiny, quiet)
    growth, refused = result.growth, result.refused
    assert no_grad.judge(no_grad.Measured(growth, refused, 3)).holds
    assert not no_grad.judge(no_grad.Measured(growth, refused, None)).holds
    for way, other in (("recorded", "no_grad"), ("no_grad", "recorded")):
        changed = {**growth, "torch_ref": {**growth["torch_ref"], way: growth["torch_ref"][other]}}
        assert not no_grad.judge(no_grad.Measured(changed, refused, 3)).holds
    assert not no_grad.judge(no_grad.Measured(growth, {**refused, "autograd": False}, 3)).holds
