"""A right implementation passes without a word, whatever its layout, depth, dtype, style and activation."""

import itertools

import pytest

LAYOUTS = list(itertools.product((False, True), (1, 2, 3), ("float32", "float64")))


@pytest.mark.parametrize(("columns", "hidden", "dtype"), LAYOUTS)
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_a_right_class_passes(write_network, judge_source, columns, hidden, dtype, activation):
    sizes = (*(20, 12, 12, 8)[: hidden + 1], 10)
    mean_at, fused = (("dz", False), ("dW", True))[(hidden + (dtype == "float32")) % 2]
    check = judge_source(write_network(sizes, activation, columns, dtype, mean_at, fused))
    assert check.holds
    assert check.diagnoses == check.notes == []
    assert check.understood["layers"] == list(sizes)
    assert check.understood["activations"] == [activation] * hidden
    assert check.understood["loss"] == "cross-entropy"
    assert len(check.lines) == 2 * (hidden + 1)


def test_a_class_that_insists_on_float32_is_judged_in_float32(write_network, judge_source):
    source = write_network(dtype="float32", replaced={"z1": "self.z1 = x.astype(np.float32) @ self.W1 + self.b1"})
    assert judge_source(source).holds


FUNCTIONS = """
import numpy as np

def init_params():
    W1 = np.random.rand(10, 30) - 0.5
    b1 = np.random.rand(10, 1) - 0.5
    W2 = np.random.rand(10, 10) - 0.5
    b2 = np.random.rand(10, 1) - 0.5
    return W1, b1, W2, b2

def ReLU(Z):
    return np.maximum(Z, 0)

def softmax(Z):
    e = np.exp(Z - Z.max(axis=0))
    return e / sum(e)

def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1.dot(X) + b1
    A1 = ReLU(Z1)
    Z2 = W2.dot(A1) + b2
    A2 = softmax(Z2)
    return Z1, A1, Z2, A2

def one_hot(Y):
    one_hot_Y = np.zeros((Y.size, Y.max() + 1))
    one_hot_Y[np.arange(Y.size), Y] = 1
    return one_hot_Y.T

def backward_prop(Z1, A1, Z2, A2, W1, W2, X, Y):
    dZ2 = A2 - one_hot(Y)
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = W2.T.dot(dZ2) * (Z1 > 0)
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
    return dW1, db1, dW2, db2

def update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha):
    W1 = W1 - alpha * dW1
    b1 = b1 - alpha * db1
    W2 = W2 - alpha * dW2
    b2 = b2 - alpha * db2
    return W1, b1, W2, b2

data = np.loadtxt("train.csv")
m, n = data.shape
"""

DICTS = """
import numpy as np

def initialize_parameters(n_x, n_h, n_y):
    return {"W1": np.random.randn(n_h, n_x), "b1": np.zeros((n_h, 1)),
            "W2": np.random.randn(n_y, n_h), "b2": np.zeros((n_y, 1))}

def softmax(Z):
    e = np.exp(Z - np.max(Z, axis=0, keepdims=True))
    return e / np.sum(e, axis=0, keepdims=True)

def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = softmax(Z2)
    cache = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
    return A2, cache

def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    grads = {}
    grads["dW2"] = dZ2 @ cache["A1"].T / m
    grads["db2"] = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = parameters["W2"].T @ dZ2 * (1 - cache["A1"] ** 2)
    grads["dW1"] = dZ1 @ X.T / m
    grads["db1"] = np.sum(dZ1, axis=1, keepdims=True) / m
    return grads

def update_parameters(parameters, grads, learning_rate=1.2):
    return {k: parameters[k] - learning_rate * grads["d" + k] for k in parameters}
"""

GRADIENTS = """
import numpy as np

SIZES = [20, 12, 10]

def gradients(parameters, x, labels):
    hidden = np.tanh(x @ parameters["W1"] + parameters["b1"])
    scores = hidden @ parameters["W2"] + parameters["b2"]
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    up = e / e.sum(axis=1, keepdims=True)
    up[np.arange(len(x)), labels] -= 1
    up = up / len(x)
    below = up @ parameters["W2"].T * (1 - hidden**2)
    return {"W1": x.T @ below, "b1": below.sum(axis=0), "W2": hidden.T @ up, "b2": up.sum(axis=0)}
"""

LOOPS = """
import numpy as np

class Network:
    def __init__(self, sizes=(20, 12, 11, 10)):
        self.weights = [np.random.randn(i, o) * 0.1 for i, o in zip(sizes, sizes[1:])]
        self.biases = [np.zeros(o) for o in sizes[1:]]

    def forward(self, x):
        self.a = [x]
        for W, b in zip(self.weights, self.biases):
            z = self.a[-1] @ W + b
            self.a.append(np.maximum(z, 0))
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, x, y, output, lr):
        delta = (output - y) / len(x)
        for l in reversed(range(len(self.weights))):
            dW = self.a[l].T @ delta
            db = delta.sum(axis=0)
            if l > 0:
                delta = (delta @ self.weights[l].T) * (self.a[l] > 0)
            self.weights[l] -= lr * dW
            self.biases[l] -= lr * db
"""


STYLES = {"functions": FUNCTIONS, "dicts": DICTS, "gradients": GRADIENTS, "loops": LOOPS}


@pytest.mark.parametrize("style", STYLES)
def test_a_right_network_in_another_style_passes(judge_source, style):
    check = judge_source(STYLES[style])
    assert check.holds, [(d["name"], d["text"], d["evidence"]) for d in check.diagnoses]


@pytest.mark.parametrize(
    ("style", "right", "wrong", "name"),
    [
        ("functions", "np.sum(dZ1, axis=1, keepdims=True)", "np.sum(dZ1)", "axis-wrong"),
        ("functions", "b1 = b1 - alpha * db1", "b1 = b1", "never-updated"),
        ("dicts", 'cache["A1"] ** 2', 'cache["Z1"] ** 2', "derivative-of-wrong-argument"),
        ("gradients", "(1 - hidden**2)", "1", "mask-missing"),
        ("loops", "(self.a[l] > 0)", "1", "mask-missing"),
    ],
)
def test_a_bug_in_another_style_is_named(judge_source, style, right, wrong, name):
    assert right in STYLES[style]
    check = judge_source(STYLES[style].replace(right, wrong))
    assert check.faults[0]["name"] == name


ONE_BY_ONE = """import numpy as np
np.random.seed(3)
X, T = np.random.rand(20, 5), np.eye(3)[np.random.randint(3, size=20)]
W, b, V, c = np.random.randn(4, 5), np.zeros(4), np.random.randn(3, 4), np.zeros(3)
for x, t in list(zip(X, T)) * 2:
    h = np.tanh(W @ x + b)
    s = np.exp(V @ h + c)
    o = s / np.sum(s)
    d = o - t
    e = V.T @ d * (1 - h ** 2)
    V -= 0.1 * np.outer(d, h)
    c -= 0.1 * d
    W -= 0.1 * np.outer(e, x)
    b -= 0.1 * e
"""


def test_the_sum_in_a_softmax_is_no_size_that_a_gradient_is_clipped_by(judge_script):
    result = judge_script(ONE_BY_ONE)
    assert (result["verdict"], result["diagnoses"], len(result["lines"])) == ("right", [], 4)
