"""The tape: every node counted once, at the line that made it."""

from autograd.graph import graph
from autograd.network import Network as EngineNetwork
from compare.hidden.experiments import tape
from compare.hidden.tools.batches import first_batch
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, world
from manual.network import Network as ManualNetwork


def test_the_nodes_of_all_lines_together_are_the_graph_of_the_loss(tiny_settings, tiny, quiet):
    x, labels = first_batch(tiny_settings, tiny)
    whole = graph(world(AUTOGRAD).recorded_loss(EngineNetwork(initial_weights(tiny_settings, tiny)), x, labels))
    finding = tape.judge(tape.measure(tiny_settings, tiny, quiet))
    by_line = finding.measured["nodes_by_line"]["autograd"]
    assert sorted(name for names in by_line.values() for name in names) == sorted(step.operation for step in whole)
    assert by_line["a1"] == ["relu"]
    assert finding.holds


def test_by_hand_nothing_is_recorded(tiny_settings, tiny):
    net = ManualNetwork(initial_weights(tiny_settings, tiny))
    values = net.forward(tiny.train_x)
    assert not any(tape.new_nodes([*values, net.loss(tiny.train_x, tiny.train_labels)]).values())


def test_a_tape_that_grows_or_lacks_a_line_does_not_hold(tiny_settings, tiny, quiet):
    measured = tape.judge(tape.measure(tiny_settings, tiny, quiet)).measured
    by_line, by_step = measured["nodes_by_line"], measured["nodes_by_step"]
    assert tape.judge(tape.Measured(by_line, by_step)).holds
    assert not tape.judge(tape.Measured(by_line, {**by_step, "torch_ref": [16, 22, 28]})).holds
    assert not tape.judge(tape.Measured({**by_line, "autograd": {**by_line["autograd"], "a1": []}}, by_step)).holds
    assert not tape.judge(tape.Measured(by_line, {**by_step, "manual": [1, 1, 1]})).holds
