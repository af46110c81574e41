"""The drawing's numbers: every gradient is the sum of what its arrows bring back."""

import pytest

from compare.hidden.experiments import used_twice as experiment


@pytest.mark.parametrize("gradients", [experiment.by_hand, experiment.on_the_engine, experiment.in_pytorch])
def test_every_gradient_is_that_of_a_difference_quotient(gradients):
    for numbers in (experiment.EXAMPLE, {"x": 0.5, "w": -1.5, "b": 2.0, "v": -3.0}):
        found = gradients(**numbers)
        for name, value in numbers.items():
            up, down = (
                experiment.forward(**{**numbers, name: value + step}, relu=lambda z: max(z, 0.0))["loss"]
                for step in (1e-4, -1e-4)
            )
            assert found[name] == pytest.approx((up - down) / 2e-4, rel=1e-6)


def test_the_arrows_that_leave_a_box_add_up_to_its_gradient():
    values = experiment.forward(**experiment.EXAMPLE, relu=lambda z: max(z, 0.0))
    gradients = experiment.by_hand(**experiment.EXAMPLE)
    shares = experiment.shares(values, gradients)
    assert [end for start, end in shares if start == "h"] == ["q", "loss"]
    for name in set(experiment.BOXES) - {"loss"}:
        assert sum(share for (start, _), share in shares.items() if start == name) == gradients[name], name


def test_the_claim_falls_with_one_draw_that_differs():
    values = experiment.forward(**experiment.EXAMPLE, relu=abs)
    gradients = experiment.by_hand(**experiment.EXAMPLE)
    assert experiment.judge(
        experiment.Measured(values, gradients, {"autograd": experiment.DRAWS, "torch_ref": experiment.DRAWS})
    ).holds
    fewer = {"autograd": experiment.DRAWS, "torch_ref": experiment.DRAWS - 1}
    assert not experiment.judge(experiment.Measured(values, gradients, fewer)).holds
