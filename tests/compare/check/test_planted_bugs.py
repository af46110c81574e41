"""Every bug that parity plants, written into a chapter-style class, is named and found on its own source line."""

import pytest

from compare.parity.mutants import MUTANTS

#: parity's name: (line in the class, the statement there, the diagnosis). The class has its softmax in a line of its
#: own, a3, so what parity writes wrong inside dz3 is wrong there.
BUGS = {
    "bias forgotten": ("z2", "self.z2 = self.a1 @ self.W2", "bias-missing"),
    "bias subtracted": ("z3", "self.z3 = self.a2 @ self.W3 - self.b3", "bias-subtracted"),
    "W transposed where its shape permits": ("z2", "self.z2 = self.a1 @ self.W2.T + self.b2", "transposed"),
    "weights of the step before": ("z2", "self.z2 = self.a1 @ self.old_W2 + self.b2", "stale-weights"),
    "one weight in a million wrong": (
        "z1", "W = self.W1.copy(); W.flat[abs(W).argmax()] *= 1 + 1e-6; self.z1 = x @ W + self.b1", "single-entry"),
    "float32 in the forward pass": (
        "z1", "self.z1 = x.astype('float32') @ self.W1.astype('float32') + self.b1", "dtype-lost"),
    "ReLU forgotten": ("a1", "self.a1 = self.z1", "activation-missing"),
    "ReLU leaks": ("a2", "self.a2 = np.where(self.z2 > 0, self.z2, 0.01 * self.z2)", "leaky-relu"),
    "float32 in the sigmoid": ("a1", "self.a1 = sigmoid(self.z1.astype(np.float32))", "dtype-lost"),
    "activation of the layer below": ("a2", "self.a2 = relu(self.z1)", "wrong-layer"),
    "loss summed, not averaged": ("loss", "-(y * log_softmax(self.z3)).sum()", "mean-missing"),
    "loss averaged over rows and classes": ("loss", "-(y * log_softmax(self.z3)).mean()", "mean-over-classes"),
    "loss in bits": ("loss", "-(y * log_softmax(self.z3)).sum() / m / np.log(2)", "log-base"),
    "1e-8 added inside the log": ("loss", "-(y * np.log(output + 1e-8)).sum() / m", "epsilon-in-log"),
    "log of a softmax that underflows": (
        "loss", "-np.log(output[np.arange(m), y.argmax(axis=1)]).mean()", "log-underflow"),
    "1/m missing": ("dz3", "dz3 = output - y", "mean-missing"),
    "1/m twice": ("dz3", "dz3 = (output - y) / m / m", "mean-twice"),
    "1/(m - 1)": ("dz3", "dz3 = (output - y) / (m - 1)", "mean-over-wrong-count"),
    "divided by the classes, not the rows": ("dz3", "dz3 = (output - y) / y.shape[1]", "mean-over-classes"),
    "sign flipped": ("dz3", "dz3 = (y - output) / m", "sign-flipped"),
    "one-hot off by one": ("dz3", "dz3 = (output - np.roll(y, 1, axis=1)) / m", "onehot-shifted"),
    "labels of the wrong rows": ("dz3", "dz3 = (output - np.roll(y, 1, axis=0)) / m", "labels-shuffled"),
    "one-hot forgotten": ("dz3", "dz3 = output / m", "onehot-missing"),
    "softmax over the wrong axis": ("a3", "self.a3 = softmax(self.z3, axis=0)", "softmax-axis"),
    "softmax twice": ("a3", "self.a3 = softmax(softmax(self.z3))", "softmax-twice"),
    "softmax shifted by the batch's maximum": (
        "a3", "e = np.exp(self.z3 - self.z3.max()); self.a3 = e / e.sum(axis=1, keepdims=True)", "softmax-underflow"),
    "softmax not shifted": (
        "a3", "e = np.exp(self.z3); self.a3 = e / e.sum(axis=1, keepdims=True)", "softmax-overflow"),
    "1/m again": ("dW3", "dW3 = self.a2.T @ dz3 / m", "mean-twice"),
    "dW transposed where its shape permits": ("dW2", "dW2 = dz2.T @ self.a1", "transposed"),
    "a not transposed where its shape permits": ("dW2", "dW2 = self.a1 @ dz2", "transposed"),
    "a of the layer above": ("dW2", "dW2 = self.a2.T @ dz2", "wrong-layer"),
    "z where a belongs": ("dW3", "dW3 = self.z2.T @ dz3", "z-for-a"),
    "the batch's last row left out": ("dW1", "dW1 = x[:-1].T @ dz1[:-1]", "row-missing"),
    "gradient of the last step accumulated": (
        "dW3", "self.sum += self.a2.T @ dz3; dW3 = self.sum.copy()", "accumulated"),
    "update applied to the gradient": ("dW3", "dW3 = self.a2.T @ dz3; dW3 -= lr * self.W3", "gradient-updated-instead"),
    "weight decay slipped in": ("dW2", "dW2 = self.a1.T @ dz2 + 1e-4 * self.W2", "weight-decay"),
    "gradient clipped": ("dW3", "dW3 = np.clip(self.a2.T @ dz3, -0.01, 0.01)", "clipped"),
    "gradient scaled by 1 + 1e-7": ("dW1", "dW1 = x.T @ dz1 * (1 + 1e-7)", "scaled-by-constant"),
    "float32 in the backward pass": ("dW2", "dW2 = self.a1.T.astype('float32') @ dz2.astype('float32')", "dtype-lost"),
    "one gradient in a million wrong": (
        "dW1", "dW1 = x.T @ dz1; dW1.flat[abs(dW1).argmax()] *= 1 + 1e-6", "single-entry"),
    "one gradient is not a number": ("dW3", "dW3 = self.a2.T @ dz3; dW3[3, 4] = np.nan", "not-a-number"),
    "db averaged where it is summed": ("db2", "db2 = dz2.mean(axis=0)", "mean-twice"),
    "db summed over the wrong axis": ("db2", "db2 = dz2.sum(axis=1)", "axis-wrong"),
    "db from da": ("db1", "db1 = da1.sum(axis=0)", "da-for-dz"),
    "db of one row": ("db3", "db3 = dz3[0]", "sum-missing"),
    "W not transposed where its shape permits": ("da1", "da1 = dz2 @ self.W2", "transposed"),
    "W updated before the gradient below used it": (
        "da2", "self.W3 -= lr * dW3; dW3 = dW3 * 1; da2 = dz3 @ self.W3.T", "updated-too-early"),
    "a layer passed over": ("da1", "da1 = da2", "layer-skipped"),
    "da where dz belongs": ("da1", "da1 = da2 @ self.W2.T", "da-for-dz"),
    "mask missing": ("dz2", "dz2 = da2", "mask-missing"),
    "mask of the wrong layer": ("dz2", "dz2 = da2 * (self.z1 > 0)", "mask-wrong-layer"),
    "mask turned round": ("dz1", "dz1 = da1 * (self.z1 <= 0)", "mask-inverted"),
    ">= 0 where > 0 belongs": ("dz1", "dz1 = da1 * (self.z1 >= 0)", "mask-not-strict"),
    "mask taken after the update": (
        "dz2",
        "step = da2 * (self.z2 > 0); dz2 = da2 * (self.a1 @ (self.W2 - lr * self.a1.T @ step) + self.b2 "
        "- lr * step.sum(axis=0) > 0)",
        "updated-too-early",
    ),
    "mask from the gradient's sign": ("dz2", "dz2 = da2 * (da2 > 0)", "mask-of-gradient"),
    "multiplied by a, not by its sign": ("dz1", "dz1 = da1 * self.a1", "activation-for-derivative"),
    "sigmoid' from z where a belongs": (
        "dz2", "dz2 = da2 * self.z2 * (1 - self.z2)", "sigmoid-derivative-of-wrong-argument"),
    "sigmoid' of a, not of z": (
        "dz2", "dz2 = da2 * sigmoid(self.a2) * (1 - sigmoid(self.a2))", "sigmoid-derivative-of-wrong-argument"),
    "sigmoid' without 1 - a": ("dz1", "dz1 = da1 * self.a1", "activation-for-derivative"),
    "ReLU's mask on a sigmoid": ("dz1", "dz1 = da1 * (self.z1 > 0)", "derivative-of-other-activation"),
}  # fmt: skip


def test_every_bug_of_parity_is_written_out_here():
    assert set(BUGS) == {mutant.name for mutant in MUTANTS}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_named_on_its_own_line(write_network, judge_source, mutant):
    line, statement, diagnosis = BUGS[mutant.name]
    replaced = {line: statement}
    if diagnosis == "updated-too-early" and line == "da2":
        replaced["W3 update"] = "pass"
    source = write_network(
        activation="sigmoid" if mutant.case == "sigmoid" else "relu", replaced=replaced,
        extra="self.old_W2 = self.W2.copy(); self.sum = np.zeros((12, 10))",
    )  # fmt: skip
    check = judge_source(source)
    first = check.diagnoses[0]
    assert (first.line, first.name) == (line, diagnosis)
    assert statement in source.splitlines()[first.place.line - 1]
    assert len(check.diagnoses) == 1, [(d.name, d.line) for d in check.diagnoses]
    assert check.holds == first.harmless
