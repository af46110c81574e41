"""`check` on programs in PyTorch: their gradients, and the classic mistakes, each beside its mended twin."""

import ast
import itertools
import linecache
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from compare.check.steps.recorder import Enough
from compare.check.torch_programs import TorchWatch, examine
from compare.check.torch_programs.mistakes import EXPLANATIONS

ROOT = Path(__file__).parents[3]
RIGHT = """import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(0)
x, y = torch.randn(64, 6), torch.randint(0, 3, (64,))
model = nn.Sequential(
    nn.Linear(6, 5),
    nn.ReLU(),
    nn.Linear(5, 3),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
losses, total = [], 0.0
for step in range(5):
    rows = slice(16 * (step % 4), 16 * (step % 4) + 16)
    optimizer.zero_grad()
    scores = model(x[rows])
    loss = criterion(scores, y[rows])
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
"""
CLASS = """import torch
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(6, 5)
        self.drop = nn.Dropout(0.3)
        self.two = nn.Linear(5, 3)

    def forward(self, x):
        h = torch.tanh(self.one(x))
        h = self.drop(h)
        return self.two(h)

torch.manual_seed(0)
x, y = torch.randn(32, 6), torch.randint(0, 3, (32,))
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(4):
    model.train()
    for k in range(2):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).float().mean()
"""
#: The mistake: the program that is right, what is replaced in it, and the line that shows it.
MISTAKES = {
    "softmax-before-cross-entropy": (
        RIGHT, [("nn.Linear(5, 3),", "nn.Linear(5, 3),\n    nn.Softmax(dim=1),")], "nn.Softmax",
    ),
    "nll-of-scores": (RIGHT, [("CrossEntropyLoss", "NLLLoss")], "criterion(scores"),
    "nll-of-probabilities": (
        RIGHT, [("CrossEntropyLoss", "NLLLoss"), ("model(x[rows])", "model(x[rows]).softmax(dim=1)")],
        "criterion(scores",
    ),
    "gradients-not-cleared": (
        RIGHT, [("    optimizer.zero_grad()\n", ""), ("range(5)", "range(14)")], "loss.backward()",
    ),
    "gradients-cleared-before-step": (
        RIGHT, [("    optimizer.zero_grad()\n", ""), ("loss.backward()", "loss.backward(); optimizer.zero_grad()")],
        "optimizer.zero_grad()",
    ),
    "step-missing": (RIGHT, [("    optimizer.step()\n", "")], "loss.backward()"),
    "loss-kept-with-graph": (RIGHT, [("losses.append(loss.item())", "losses.append(loss)")], "losses.append"),
    "optimizer-of-old-parameters": (
        RIGHT, [("losses, total", "model[2] = nn.Linear(5, 3)\nlosses, total")], "torch.optim.SGD",
    ),
    "graph-cut": (CLASS, [("h = self.drop(h)", "h = self.drop(h.detach())")], "h.detach()"),
    "evaluation-in-train-mode": (CLASS, [("    model.eval()\n", "")], "model(x).argmax"),
    "evaluation-mode-kept": (
        CLASS, [("    model.train()\n", ""), ("range(4)", "range(6)")], "model.eval()",
    ),
    "layers-in-a-plain-list": (CLASS, [("self.two = nn.Linear(5, 3)", "self.two, self.rest = None, [nn.Linear(5, 3)]"),
                                       ("self.two(h)", "self.rest[0](h)")], "self.rest = None"),
    "labels-as-floats": (RIGHT, [("y[rows])", "y[rows].float())")], "criterion(scores"),
    "labels-one-hot": (RIGHT, [("y[rows])", "F.one_hot(y[rows], 3))")], "criterion(scores"),
    "dtypes-differ": (RIGHT, [("model(x[rows])", "model(x[rows].double())")], "model(x[rows]"),
    "sigmoid-before-bce-with-logits": (
        RIGHT, [("CrossEntropyLoss", "BCEWithLogitsLoss"), ("y[rows])", "F.one_hot(y[rows], 3).float())"),
                ("nn.Linear(5, 3),", "nn.Linear(5, 3),\n    nn.Sigmoid(),")], "nn.Sigmoid",
    ),
    "targets-broadcast": (
        RIGHT, [("CrossEntropyLoss", "MSELoss"), ("scores, y[rows]", "scores[:, :1], y[rows].float()")],
        "criterion(scores",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def judge():
    """Run a source text and judge it, in this process: PyTorch is imported once."""
    count = itertools.count()

    def run(source):
        file = f"<torch {next(count)}>"
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
        watch, ended = TorchWatch(file.__eq__), None
        with watch, warnings.catch_warnings(action="ignore"):
            try:
                exec(compile(ast.parse(source), file, "exec"), {})
            except Enough:
                pass
            except Exception as error:
                ended = error
        return examine(watch, ended is not None)

    return run


def written(name):
    source, changes, shown = MISTAKES[name]
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source, [k for k, line in enumerate(source.splitlines(), 1) if shown in line]


@pytest.mark.parametrize("source", [RIGHT, CLASS], ids=["plain", "class"])
def test_a_right_program_is_right_in_every_gradient(judge, source):
    result = judge(source)
    assert result["verdict"] == "right", (result["reason"], result["diagnoses"])
    assert result["diagnoses"] == []
    assert len(result["lines"]) == 4
    assert all(line["holds"] for line in result["lines"])
    assert result["understood"]["layers"] == [6, 5, 3]


def test_every_mistake_that_has_a_name_is_made():
    assert {*MISTAKES, "log-softmax-before-cross-entropy"} == set(EXPLANATIONS)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_at_its_line(judge, name):
    source, lines = written(name)
    result = judge(source)
    assert result is not None
    assert [d["name"] for d in result["diagnoses"]] == [name], result
    assert result["verdict"] == "wrong"
    assert result["diagnoses"][0]["source_line"] in lines


#: What looks like a mistake and is none: the program, what is replaced in it, and what is said about it.
MEANT = {
    "gradients added up over two backward passes": (
        RIGHT,
        [("    optimizer.zero_grad()\n", ""),
         ("    optimizer.step()\n", "    if step % 2:\n        optimizer.step()\n        optimizer.zero_grad()\n"),
         ("range(5)", "range(9)")],
        "Gradients are added up over 2 backward passes",
    ),
    "gradients cleared every second step": (
        RIGHT, [("    optimizer.zero_grad()\n", "    if step % 2 == 0:\n        optimizer.zero_grad()\n")],
        "Gradients are cleared only after every few steps",
    ),
    "one-hot targets in floats": (RIGHT, [("y[rows])", "F.one_hot(y[rows], 3).float())")], "rows of probabilities"),
    "nll of log_softmax": (
        RIGHT, [("CrossEntropyLoss", "NLLLoss"), ("model(x[rows])", "model(x[rows]).log_softmax(dim=1)")], "",
    ),
    "nll of log of softmax": (
        RIGHT, [("CrossEntropyLoss", "NLLLoss"), ("model(x[rows])", "model(x[rows]).softmax(dim=1).log()")], "",
    ),
    "gradients set to None by hand": (
        RIGHT, [("optimizer.zero_grad()", "[setattr(p, 'grad', None) for p in model.parameters()]")], "",
    ),
    "model.zero_grad": (RIGHT, [("optimizer.zero_grad()", "model.zero_grad()")], ""),
    "zero_grad after the step": (
        RIGHT, [("    optimizer.zero_grad()\n", ""), ("optimizer.step()", "optimizer.step(); optimizer.zero_grad()")],
        "",
    ),
    "a sum of losses as numbers": (RIGHT, [("losses.append(loss.item())", "total += loss.item()")], ""),
    "losses detached": (RIGHT, [("losses.append(loss.item())", "losses.append(loss.detach())")], ""),
    "a mean over dropouts": (
        CLASS,
        [("    model.eval()\n", ""), ("(model(x).arg", "(torch.stack([model(x) for _ in range(5)]).mean(0).arg")], "",
    ),
    "only the last layer is trained": (
        CLASS,
        [("model.parameters(), lr", "model.two.parameters(), lr"), ("h = self.drop(h)", "h = self.drop(h.detach())")],
        "",
    ),
    "model.eval() without gradients": (CLASS, [], ""),
    "scores into a sigmoid's loss": (
        RIGHT, [("CrossEntropyLoss", "BCEWithLogitsLoss"), ("y[rows])", "F.one_hot(y[rows], 3).float())")], "",
    ),
    "gradients clipped": (
        RIGHT, [("optimizer.step()", "nn.utils.clip_grad_norm_(model.parameters(), 0.1); optimizer.step()")], "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANT)
def test_what_is_meant_is_no_mistake(judge, name):
    source, changes, said = MEANT[name]
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    result = judge(source)
    assert result["verdict"] == "right", (result["reason"], result["diagnoses"])
    assert result["diagnoses"] == []
    assert all(line["holds"] for line in result["lines"])
    assert said in " ".join(result["notes"])


def test_a_log_softmax_before_cross_entropy_is_named_and_does_no_harm(judge):
    result = judge(RIGHT.replace("nn.Linear(5, 3),", "nn.Linear(5, 3),\n    nn.LogSoftmax(dim=1),"))
    assert result["verdict"] == "right"
    assert [(d["name"], d["harmless"], d["source_line"]) for d in result["diagnoses"]] == [
        ("log-softmax-before-cross-entropy", True, 11)
    ]


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_sum_of_losses_that_keeps_their_graphs_is_named(judge, where):
    source = RIGHT.replace("losses.append(loss.item())", "")
    line = "    loss.backward()\n"
    source = source.replace(line, f"    total += loss\n{line}" if where == "before" else f"{line}    total += loss\n")
    result = judge(source)
    assert [d["name"] for d in result["diagnoses"]] == ["loss-kept-with-graph"]
    assert result["diagnoses"][0]["text"] == "total += loss"


def test_gradients_that_an_earlier_step_has_used_make_the_lines_wrong(judge):
    result = judge(written("gradients-not-cleared")[0])
    assert not any(line["holds"] for line in result["lines"])


def test_a_gradient_that_is_changed_by_a_hook_is_not_called_right(judge):
    result = judge(RIGHT.replace("losses, total", "model[0].weight.register_hook(lambda g: 1.001 * g)\nlosses, total"))
    assert result["verdict"] == "cannot tell"
    assert "0.weight" in result["reason"]


BY_HAND = """import torch

torch.manual_seed(0)
x, y = torch.randn(16, 6), torch.randint(0, 3, (16,))
W1, b1 = torch.randn(6, 5, requires_grad=True), torch.zeros(5, requires_grad=True)
W2 = torch.randn(5, 3, requires_grad=True)
for step in range(6):
    h = torch.sigmoid(x @ W1 + b1)
    log_p = torch.log_softmax(h @ W2, dim=1)
    loss = -log_p[torch.arange(16), y].mean()
    loss.backward()
    with torch.no_grad():
        for p in (W1, b1, W2):
            p -= 0.1 * p.grad
            p.grad.zero_()
"""


def test_steps_by_hand_are_judged_with_the_variables_names(judge):
    result = judge(BY_HAND)
    assert result["verdict"] == "right", (result["reason"], result["diagnoses"])
    assert [line["line"] for line in result["lines"]] == [f"gradient of {name}" for name in ("W1", "b1", "W2")]
    assert result["understood"]["update"] == "steps by hand"


def test_steps_by_hand_with_gradients_that_are_not_cleared_are_wrong(judge):
    result = judge(BY_HAND.replace("            p.grad.zero_()\n", "").replace("range(6)", "range(14)"))
    assert [d["name"] for d in result["diagnoses"]] == ["gradients-not-cleared"]


def test_a_convolution_is_no_case_for_the_judge_and_its_mistakes_are_named_all_the_same(judge):
    net = "nn.Unflatten(1, (1, 6)),\n    nn.Conv1d(1, 2, 2),\n    nn.Flatten(),\n    nn.Linear(10, 3),"
    source = RIGHT.replace("    nn.Linear(6, 5),\n    nn.ReLU(),\n    nn.Linear(5, 3),", f"    {net}")
    result = judge(source)
    assert result["verdict"] == "cannot tell"
    assert "conv1d" in result["reason"]
    result = judge(source.replace("nn.Linear(10, 3),", "nn.Linear(10, 3), nn.Softmax(dim=1),"))
    assert (result["verdict"], result["lines"]) == ("wrong", [])
    assert [d["name"] for d in result["diagnoses"]] == ["softmax-before-cross-entropy"]


def test_a_crash_that_is_no_known_mistake_is_left_to_those_who_tell_of_crashes(judge):
    assert judge(RIGHT.replace("model(x[rows])", "model(x[rows].T)")) is None


def test_the_answer_is_printed_and_exits_with_1_for_a_mistake(command, tmp_path):
    (tmp_path / "net.py").write_text(written("softmax-before-cross-entropy")[0])
    done = command("check", tmp_path / "net.py", "--out", tmp_path / "out")
    text = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stdout + done.stderr
    assert "It is a network in PyTorch" in text
    assert "1 mistake, in line 11: softmax before cross entropy. PyTorch's gradients are right" in text


def test_a_file_that_only_defines_a_model_and_its_training_is_driven(command, tmp_path):
    done = command("check", "torch_ref/plain.py", "--out", tmp_path / "out", folder=ROOT)
    text = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "784 -> 128 relu -> 64 relu -> 10; gradients of the mean cross-entropy over a batch of 32; SGD" in text
    assert "It only defines what it needs, and was called so: train(network(), ...)" in text


def test_nothing_is_hooked_and_torch_is_not_imported_for_a_program_that_does_not():
    code = (
        "import sys\nfrom compare.check.running import child\n"
        "from compare.check.torch_programs import TorchWatch, examine\n"
        "with TorchWatch(bool) as watch: pass\nprint('torch' in sys.modules, watch.tells)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("line", "without"),
    [("self.two(h)", "self.two(h)"), ("F.softmax(self.two(h), dim=1)", "self.two(h)"),
     ("torch.softmax(self.two(h), -1)", "self.two(h)"), ("self.two(h).softmax(1)", "self.two(h)")],
)  # fmt: skip
def test_a_softmax_in_forward_is_shown_with_the_line_as_it_could_read(judge, line, without):
    diagnoses = judge(CLASS.replace("return self.two(h)", f"return {line}"))["diagnoses"]
    found = [(d["name"], d["corrected"]) for d in diagnoses]
    assert found == ([] if line == without else [("softmax-before-cross-entropy", f"return {without}")])
