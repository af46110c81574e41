"""What is kept for the backward pass, against a count by hand."""

from dataclasses import replace

from autograd.tensor import Tensor
from compare.hidden.experiments import memory
from compare.hidden.tools.batches import first_batch
from compare.shared.training import initial_weights

ROWS, FLOAT, INT = 8, 8, 8


def test_the_bytes_are_those_of_the_arrays_that_a_reader_would_count(tiny_settings, tiny, quiet):
    finding = memory.judge(memory.measure(tiny_settings, tiny, quiet))
    by_hand = finding.measured["kept"]["manual"]
    assert by_hand["bytes"]["batch"] == ROWS * 6 * FLOAT + ROWS * INT  # images, labels
    assert by_hand["bytes"]["parameters"] == (5 * 4 + 4 * 10) * FLOAT  # W2, W3
    assert by_hand["bytes"]["results"] == ROWS * (5 + 4 + 10) * FLOAT  # a1, a2, z3
    assert all(one["bytes"]["batch"] == by_hand["bytes"]["batch"] for one in finding.measured["kept"].values())
    in_pytorch = finding.measured["kept"]["torch_ref"]
    assert in_pytorch["bytes"]["results"] == by_hand["bytes"]["results"] + FLOAT  # log-softmax for z3, and a number
    assert in_pytorch["parameters"] == ["W2", "W3"]
    on_the_engine = finding.measured["kept"]["autograd"]
    assert on_the_engine["bytes"]["results"] == ROWS * ((5 + 4 + 10 + 1) * FLOAT + INT)  # exp(z3), sums, row numbers


def test_a_graph_that_is_retained_is_seen_to_hold_its_results(tiny_settings, tiny, monkeypatch):
    run, held = Tensor.backward, []
    monkeypatch.setattr(Tensor, "backward", lambda loss: (held.append(loss), run(loss, retain_graph=True)))
    kept = memory.on_the_engine(initial_weights(tiny_settings, tiny), *first_batch(tiny_settings, tiny))
    assert kept.held_after == kept.bytes["results"] > 0


def test_results_held_other_weights_kept_or_more_kept_do_not_hold(tiny_settings, tiny, quiet):
    result = memory.measure(tiny_settings.with_(widths=(50, 40)), tiny, quiet)
    assert memory.judge(result).holds
    kept = result.kept
    more = {**kept["torch_ref"].bytes, "results": int(1.1 * kept["manual"].bytes["results"])}
    for name, change in (
        ("torch_ref", {"held_after": 8}),
        ("manual", {"parameters": ["W1", "W2", "W3"]}),
        ("torch_ref", {"bytes": more}),
    ):
        changed = {**kept, name: replace(kept[name], **change)}
        assert not memory.judge(memory.Measured(changed, ROWS)).holds
