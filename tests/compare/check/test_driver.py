"""Programs that only define: each is called as its author would have, and a step of its training is seen."""

import builtins
import os

import numpy as np
import pytest

from compare.check.recording.source import HELPERS, rewritten
from compare.check.running.clock import Clock
from compare.check.running.driver import drive
from compare.check.running.program import read_program
from compare.check.steps.recorder import Recorder

HEAD = """import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""


@pytest.fixture
def driven(tmp_path, monkeypatch):
    """Drive a source text, in this process; what came of it, and in what words."""
    for name, helper in HELPERS.items():
        monkeypatch.setattr(builtins, name, helper, raising=False)
    clock = Clock(lambda _: os._exit(1))
    numbers = iter(range(100))

    def driven(source, name=None):
        path = tmp_path / f"net{next(numbers)}.py"
        path.write_text(HEAD + source)
        with clock.limit(20.0), np.errstate(all="ignore"):
            return drive(
                read_program(path), {"seed": 0, "name": name}, clock, lambda: Recorder(own=str(path).__eq__), rewritten
            )

    return driven


CHAPTER = """
class NeuralNetwork:
    def __init__(self, inputs=784, hidden=12, outputs=10):
        self.W1, self.b1 = np.random.randn(inputs, hidden) * 0.01, np.zeros(hidden)
        self.W2, self.b2 = np.random.randn(hidden, outputs) * 0.01, np.zeros(outputs)
    def forward(self, x):
        self.z1 = x @ self.W1 + self.b1
        self.a1 = np.maximum(0, self.z1)
        return softmax(self.a1 @ self.W2 + self.b2)
    def backward(self, x, y, output, learning_rate):
        dz2 = (output - y) / len(x)
        dz1 = (dz2 @ self.W2.T) * (self.z1 > 0)
        self.W2 -= learning_rate * self.a1.T @ dz2
        self.b2 -= learning_rate * dz2.sum(axis=0)
        self.W1 -= learning_rate * x.T @ dz1
        self.b1 -= learning_rate * dz1.sum(axis=0)
"""
COLUMNS = """
def initialize(n_x, n_h, n_y):
    return {"W1": np.random.randn(n_h, n_x), "b1": np.zeros((n_h, 1)),
            "W2": np.random.randn(n_y, n_h), "b2": np.zeros((n_y, 1))}
def forward_prop(X, params):
    A1 = np.tanh(params["W1"] @ X + params["b1"])
    A2 = sigmoid(params["W2"] @ A1 + params["b2"])
    return A2, {"A1": A1, "A2": A2}
def backward_prop(params, cache, X, Y):
    dZ2 = cache["A2"] - Y
    dZ1 = params["W2"].T @ dZ2 * (1 - cache["A1"] ** 2)
    return {"dW2": dZ2 @ cache["A1"].T / X.shape[1], "db2": dZ2.mean(axis=1, keepdims=True),
            "dW1": dZ1 @ X.T / X.shape[1], "db1": dZ1.mean(axis=1, keepdims=True)}
"""
UPDATE = """
def update_params(params, grads, alpha):
    return {k: params[k] - alpha * grads["d" + k] for k in params}
"""
LAYERS = """
class Dense:
    def __init__(self, n_in, n_out):
        self.weights, self.bias = np.random.randn(n_out, n_in), np.zeros((n_out, 1))
    def forward(self, input):
        self.input = input
        return self.weights @ input + self.bias
    def backward(self, output_gradient, learning_rate):
        below = self.weights.T @ output_gradient
        self.weights -= learning_rate * output_gradient @ self.input.T
        self.bias -= learning_rate * output_gradient
        return below
class Sigmoid:
    def forward(self, input):
        self.output = sigmoid(input)
        return self.output
    def backward(self, output_gradient, learning_rate):
        return output_gradient * self.output * (1 - self.output)
def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / np.size(y_true)
"""
RETURNS_GRADIENTS = """
class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size):
        self.params = {"W1": np.random.randn(input_size, hidden_size), "b1": np.zeros(hidden_size),
                       "W2": np.random.randn(hidden_size, output_size), "b2": np.zeros(output_size)}
    def loss(self, X, y=None, reg=0.0):
        p = self.params
        h = np.maximum(0, X @ p["W1"] + p["b1"])
        scores = h @ p["W2"] + p["b2"]
        if y is None:
            return scores
        probs = softmax(scores)
        loss = -np.log(probs[np.arange(len(y)), y]).mean()
        probs[np.arange(len(y)), y] -= 1
        probs /= len(y)
        dh = probs @ p["W2"].T * (h > 0)
        return loss, {"W2": h.T @ probs, "b2": probs.sum(0), "W1": X.T @ dh, "b1": dh.sum(0)}
"""
NIELSEN = """
import random
class Network(object):
    def __init__(self, sizes):
        self.sizes, self.num_layers = sizes, len(sizes)
        self.biases = [np.random.randn(y, 1) for y in sizes[1:]]
        self.weights = [np.random.randn(y, x) for x, y in zip(sizes[:-1], sizes[1:])]
    def SGD(self, training_data, epochs, mini_batch_size, eta, test_data=None):
        for j in range(epochs):
            random.shuffle(training_data)
            for k in range(0, len(training_data), mini_batch_size):
                self.update_mini_batch(training_data[k:k + mini_batch_size], eta)
    def update_mini_batch(self, mini_batch, eta):
        nabla_b, nabla_w = [0 * b for b in self.biases], [0 * w for w in self.weights]
        for x, y in mini_batch:
            db, dw = self.backprop(x, y)
            nabla_b = [n + d for n, d in zip(nabla_b, db)]
            nabla_w = [n + d for n, d in zip(nabla_w, dw)]
        self.weights = [w - eta / len(mini_batch) * n for w, n in zip(self.weights, nabla_w)]
        self.biases = [b - eta / len(mini_batch) * n for b, n in zip(self.biases, nabla_b)]
    def backprop(self, x, y):
        activations = [x]
        for w, b in zip(self.weights, self.biases):
            activations.append(sigmoid(w @ activations[-1] + b))
        delta = (activations[-1] - y) * activations[-1] * (1 - activations[-1])
        db, dw = [delta], [delta @ activations[-2].T]
        for l in range(2, self.num_layers):
            delta = self.weights[-l + 1].T @ delta * activations[-l] * (1 - activations[-l])
            db.insert(0, delta)
            dw.insert(0, delta @ activations[-l - 1].T)
        return db, dw
"""
ADDED = """
class FCLayer:
    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5
    def forward_propagation(self, input):
        self.input = input
        return input @ self.weights
    def backward_propagation(self, output_error, learning_rate):
        below = output_error @ self.weights.T
        self.weights -= learning_rate * self.input.T @ output_error
        return below
def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size
class Network:
    '''
    >>> net = Network()
    >>> net.add(FCLayer(2, 3))
    >>> net.add(FCLayer(3, 1))
    >>> net.use(mse_prime)
    '''
    def __init__(self):
        self.layers, self.loss_prime = [], None
    def add(self, layer):
        self.layers.append(layer)
    def use(self, loss_prime):
        self.loss_prime = loss_prime
    def fit(self, x_train, y_train, epochs, learning_rate):
        for i in range(epochs):
            for j in range(len(x_train)):
                output = x_train[j]
                for layer in self.layers:
                    output = layer.forward_propagation(output)
                error = self.loss_prime(y_train[j], output)
                for layer in reversed(self.layers):
                    error = layer.backward_propagation(error, learning_rate)
"""
GLOBALS = """
X, y = make_moons(200)
m = len(X)
def build_model(nn_hdim, num_passes=2000):
    W1 = np.random.randn(2, nn_hdim)
    W2 = np.random.randn(nn_hdim, 2)
    for i in range(num_passes):
        a1 = np.tanh(X @ W1)
        d = softmax(a1 @ W2)
        d[range(m), y] -= 1
        W1 += -0.01 * X.T @ (d @ W2.T * (1 - a1 ** 2))
        W2 += -0.01 * a1.T @ d
"""
HOLDS_DATA = """
class Net:
    def __init__(self, x, y):
        self.input, self.y = x, y
        self.weights1, self.weights2 = np.random.rand(x.shape[1], 4), np.random.rand(4, 1)
    def feedforward(self):
        self.layer1 = sigmoid(self.input @ self.weights1)
        self.output = sigmoid(self.layer1 @ self.weights2)
    def backprop(self):
        d = 2 * (self.y - self.output) * self.output * (1 - self.output)
        d1 = d @ self.weights2.T * self.layer1 * (1 - self.layer1)
        self.weights2 += self.layer1.T @ d
        self.weights1 += self.input.T @ d1
"""
HELD = (
    LAYERS.partition("def mse_prime")[0]
    + """
class Sequential:
    def __init__(self, *layers):
        self.layers = layers
def train(model, X, y, lr=0.1):
    for x, t in zip(X, y):
        for layer in model.layers:
            x = layer.forward(x)
        error = x - t
        for layer in model.layers[::-1]:
            error = layer.backward(error, lr)
if __name__ == "__main__":
    data = np.load("data.npz")
    train(Sequential(Dense(7, 5), Sigmoid(), Dense(5, 3)), data["X"], data["y"])
"""
)
NO_START = """
def gradient_descent(X, y, theta, alpha, num_iters):
    for i in range(num_iters):
        theta = theta - alpha * X.T @ (X @ theta - y) / len(y)
    return theta
"""
UNNAMED = """
def init_params():
    return np.random.rand(10, 784) - 0.5, np.random.rand(10, 1) - 0.5
def forward_prop(W, b, X):
    return W @ X + b, np.exp(W @ X + b) / np.exp(W @ X + b).sum(axis=0)
def back_prop(Z, P, X, Y):
    one_hot = np.zeros((10, Y.size))
    one_hot[Y, np.arange(Y.size)] = 1
    return (P - one_hot) @ X.T / Y.size, (P - one_hot).mean(axis=1, keepdims=True)
def step(W, b, dW, db, alpha):
    return W - alpha * dW, b - alpha * db
"""


NO_TARGETS = """
class Autoencoder:
    def __init__(self, input_size, latent_dim):
        self.W, self.V = np.random.randn(latent_dim, input_size), np.random.randn(input_size, latent_dim)
    def sigmoid_derivative(self, x):
        return sigmoid(x) * (1 - sigmoid(x))
    def forward(self, x):
        self.z = self.W @ x
        return self.V @ np.tanh(self.z)
    def train_on_normal(self, x):
        e = self.forward(x) - x
        d = self.V.T @ e * (1 - np.tanh(self.z) ** 2)
        self.V -= 0.1 * e @ np.tanh(self.z).T
        self.W -= 0.1 * d @ x.T
"""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (CHAPTER, "NeuralNetwork(): forward(x), backward(x, y, output, learning_rate); rows, labels as one-hot"),
        (COLUMNS + UPDATE, "initialize(): forward_prop(X, params), backward_prop(params, cache, X, Y), "
                           "update_params(params, grads, alpha); columns, labels as one-hot"),
        (LAYERS, "Dense(), Sigmoid(), Dense(): forward, backward; one column, labels as one-hot"),
        (NIELSEN, "Network(): SGD(training_data, epochs, mini_batch_size, eta, test_data); pairs of columns, "
                  "labels as one-hot"),
        (ADDED, "Network(): fit(x_train, y_train, epochs, learning_rate); rows one by one, labels as one-hot"),
        (HOLDS_DATA, "Net(): feedforward(), backprop(); rows, labels as one-hot"),
        (HELD, "Sequential(): train(model, X, y, lr); columns one by one, labels as one-hot"),
        (NO_START, "gradient_descent(X, y, theta, alpha, num_iters); rows, labels as one-hot"),
        (NO_TARGETS, "Autoencoder(): train_on_normal(x); columns, labels as one-hot"),
        (GLOBALS, "build_model(nn_hdim, num_passes); rows, labels as class numbers"),
    ],
    ids=["chapter", "functions", "layers", "pairs", "added", "data inside", "held", "no start", "no targets",
         "globals"],
)  # fmt: skip
def test_a_step_of_training_is_found_and_said_in_words(driven, source, words):
    result = driven(source)
    assert result.recorder is not None, (result.words, result.error)
    assert result.recorder.updates >= 2
    assert result.words == words


@pytest.mark.parametrize(
    ("source", "count", "words"),
    [
        (COLUMNS, 4, "initialize(): forward_prop(X, params), backward_prop(params, cache, X, Y), and each"),
        (
            RETURNS_GRADIENTS,
            4,
            "TwoLayerNet(): loss(X, y, reg), and each parameter less 0.1 times its gradient; rows, ",
        ),
    ],
    ids=["functions", "loss"],
)
def test_where_nothing_updates_it_is_done_with_each_gradient_for_its_parameter(driven, source, count, words):
    result = driven(source)
    assert result.recorder is not None, (result.words, result.error)
    assert words in result.words
    assert len(result.recorder.parameters) == count


def test_what_is_returned_without_a_name_goes_where_an_argument_is_left(driven):
    result = driven(UNNAMED)
    assert result.recorder is not None, (result.words, result.error)
    assert "columns, labels as class numbers" in result.words


def test_a_class_or_a_function_can_be_chosen(driven):
    both = CHAPTER + NIELSEN
    assert driven(both, "NeuralNetwork").words.startswith("NeuralNetwork(): forward(x)")
    assert driven(both, "Network").words.startswith("Network(): SGD")
    assert driven(both, "Nonsense").words.startswith("there is no Nonsense in it; there are: sigmoid, softmax, Neural")


def test_sizes_are_read_from_an_example_of_its_use(driven):
    result = driven(CHAPTER + "# net = NeuralNetwork(20, 4, 3)\n")
    assert [p.versions[0].shape for p in result.recorder.parameters if len(p.versions[0].shape) == 2] == [
        (20, 4),
        (4, 3),
    ]


def test_a_crash_is_that_of_the_trial_that_came_furthest_and_an_unknown_argument_is_named(driven):
    crashed = driven(CHAPTER.replace("dz2 @ self.W2.T", "dz2 @ self.W2"))
    assert crashed.recorder is None
    assert "matmul" in str(crashed.error)
    assert "backward(x, y, output, learning_rate); rows, labels as one-hot" in crashed.words
    assert (
        "`frobnicator` of forward is not known"
        in driven(CHAPTER.replace("forward(self, x)", "forward(self, x, frobnicator)")).words
    )


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [("self.backprop(x, y)", "self.backdrop(x, y)", "has no attribute 'backdrop'"),
     ("self.weights[-l + 1].T @", "self.weights[-l + 1] @", "matmul")],
)  # fmt: skip
def test_an_error_in_what_trains_is_told_before_a_helper_that_updates_nothing(driven, right, wrong, said):
    helper = "    def cost_derivative(self, output_activations, y):\n        return output_activations - y\n"
    source = NIELSEN + helper
    assert driven(source).recorder is not None
    crashed = driven(source.replace(right, wrong))
    assert said in str(crashed.error)
    assert crashed.words.startswith("Network(): SGD(")
    assert "pairs of columns" in crashed.words


def test_nothing_to_train_is_said(driven):
    assert driven("x = 1").words == "there is no class and no function in it to train with"
    assert "nothing is updated" in driven("def train(X, y):\n    return X.sum() + y.sum()").words


WAITING = """import numpy as np


class Net:
    def __init__(self):
        self.n_in, self.n_out = 7, 2
        self.X = None
        self.W = np.random.randn(7, 2) * 0.1
        self.Y = np.ones((60, 2))

    def train(self):
        if self.X is None:
            raise ValueError("no data")
        for x, y in zip(self.X, self.Y):
            self.W -= 0.1 * np.outer(x, x @ self.W - y)
"""


def test_an_object_that_waits_for_its_data_gets_them(judge_source):
    check = judge_source(WAITING)
    assert check.holds
    assert len(check.lines) == 1


TWO_WAYS = """import numpy as np


class Net:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * 0.1

    def train_batch(self, X, Y, lr=0.1):
        self.W -= lr * X.T @ (X @ self.W - Y) / len(X)

    def train_one(self, x, y, lr=0.1):
        self.W -= lr * np.outer(x, y - x @ self.W)
"""


def test_a_function_that_trains_too_and_was_not_run_is_named_and_can_be_chosen(judge_source):
    check = judge_source(TWO_WAYS)
    assert check.holds
    assert [note.split(",")[0] for note in check.notes] == ["train_one"]
    other = judge_source(TWO_WAYS, "train_one")
    assert other.source_line == 12
    assert other.faults[0]["name"] == "sign-flipped"
