"""Functions that people differentiate, written in NumPy, and the routes by which they are written in PyTorch."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional

ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 0.5 * (1 + np.tanh(0.5 * z)),
    "logistic": lambda z: 1 / (1 + np.exp(-z)),
}
# Weights times this / sqrt(fan-in): gradients neither die nor burst.
GAIN = {"relu": 2**0.5, "tanh": 1.0, "sigmoid": 4.0, "logistic": 4.0}


def cross_entropy(z, labels):
    z = z - np.max(z, axis=1, keepdims=True)
    return -np.mean((z - np.log(np.sum(np.exp(z), axis=1, keepdims=True)))[np.arange(len(labels)), labels])


def network(activation):
    def loss(parameters, x, labels):
        depth = len(parameters) // 2
        for k in range(1, depth + 1):
            x = x @ parameters[f"W{k}"] + parameters[f"b{k}"]
            x = ACTIVATIONS[activation](x) if k < depth else x
        return cross_entropy(x, labels)

    return loss


def draw_network(random, activation="relu", depth=3, m=16, width=8, kinds=4, fan_in=8, scale=1.0):
    sizes = [fan_in, *[width] * (depth - 1), kinds]
    parameters = {}
    for k in range(1, depth + 1):
        gain = GAIN[activation] * scale / sizes[k - 1] ** 0.5
        parameters[f"W{k}"] = random.standard_normal((sizes[k - 1], sizes[k])) * gain
        if activation in ("sigmoid", "logistic"):
            parameters[f"W{k}"] -= parameters[f"W{k}"].mean(axis=0)  # inputs around 1/2 do not saturate the next layer
        parameters[f"b{k}"] = random.standard_normal(sizes[k]) * 0.1
    return parameters, random.standard_normal((m, fan_in)), random.integers(0, kinds, m)


def attention(parameters, x):
    q, k, v = (x @ parameters[name] for name in ("query", "key", "value"))
    scores = q @ np.swapaxes(k, -1, -2) / float(np.sqrt(q.shape[-1]))
    e = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    y = x + (e / np.sum(e, axis=-1, keepdims=True)) @ v
    apart = y - np.mean(y, axis=-1, keepdims=True)
    y = apart / np.sqrt(np.mean(np.square(apart), axis=-1, keepdims=True) + 1e-5)
    y = y * parameters["gain"] + parameters["offset"]
    y = y @ parameters["up"]
    y = 0.5 * y * (1 + np.tanh(float(np.sqrt(2 / np.pi)) * (y + 0.044715 * y * y * y)))
    return np.mean(np.square(y @ parameters["down"]))


def draw_attention(random, width=8, up=12, shape=(2, 6)):
    sizes = dict.fromkeys(["query", "key", "value"], (width, width)) | {"up": (width, up), "down": (up, width)}
    parameters = {name: random.standard_normal(size) / size[0] ** 0.5 for name, size in sizes.items()}
    parameters |= {"gain": 1 + 0.1 * random.standard_normal(width), "offset": 0.1 * random.standard_normal(width)}
    return parameters, random.standard_normal((*shape, width))


def recurrent(W, U, b, out, x, labels):
    h = np.zeros_like(b)
    for step in range(x.shape[0]):
        h = np.tanh(x[step] @ W + h @ U + b)
    return cross_entropy(h @ out, labels)


def draw_recurrent(random, steps=20, m=5, fan_in=3, width=6, kinds=3):
    shapes = {"W": (fan_in, width), "U": (width, width), "b": (width,), "out": (width, kinds)}
    weights = [random.standard_normal(shape) / shape[0] ** 0.5 for shape in shapes.values()]
    return *weights, random.standard_normal((steps, m, fan_in)), random.integers(0, kinds, m)


def bilinear(a, T, b):
    return np.mean(np.square(np.einsum("ni,ijk,nj->nk", a, T, b)))


def running(x, y):
    return np.mean(np.square(np.exp(-np.cumsum(np.square(x), axis=1)) - y))


def convolution(x, kernel):
    n, out = x.shape[-1] - 2, 0
    for i in range(3):
        for j in range(3):
            out = out + np.einsum("bcij,oc->boij", x[:, :, i : i + n, j : j + n], kernel[:, :, i, j])
    return np.mean(np.maximum(out, 0) ** 2)


def normalised(x, gain, offset):
    return np.mean(np.maximum((x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5) * gain + offset, 0) ** 2)


def memory(W, U, b, x):
    """A long short-term memory."""
    h = c = np.zeros((x.shape[1], U.shape[0]))
    for step in x:
        gates = step @ W + h @ U + b
        keep, write, read, new = (gates[:, k * h.shape[1] : (k + 1) * h.shape[1]] for k in range(4))
        keep, write, read = (1 / (1 + np.exp(-gate)) for gate in (keep, write, read))
        c = keep * c + write * np.tanh(new)
        h = read * np.tanh(c)
    return np.mean(h**2)


def logistic_regression(w, x, y):
    z = x @ w
    return np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))


FUNCTIONS = {
    "convolution": (convolution, lambda random: (random.standard_normal((2, 3, 8, 8)),
                                                 random.standard_normal((4, 3, 3, 3)))),
    "normalised": (normalised, lambda random: (random.standard_normal((32, 6)) + 3, *random.standard_normal((2, 6)))),
    "memory": (memory, lambda random: tuple(map(random.standard_normal, [(3, 16), (4, 16), (16,), (9, 2, 3)]))),
    "logistic regression": (logistic_regression, lambda random: (
        random.standard_normal(6), 5 * random.standard_normal((40, 6)), np.rint(random.random(40)))),
    "x sigmoid(x)": (lambda x: np.sum(x / (1 + np.exp(-x))), lambda random: (8 * random.standard_normal(60),)),
    "network relu": (network("relu"), lambda random: draw_network(random)),
    "network tanh": (network("tanh"), lambda random: draw_network(random, "tanh")),
    "network sigmoid": (network("sigmoid"), lambda random: draw_network(random, "sigmoid")),
    "saturated sigmoid": (network("sigmoid"), lambda random: draw_network(random, "sigmoid", scale=4)),
    "network logistic": (network("logistic"), lambda random: draw_network(random, "logistic")),
    "saturated logistic": (network("logistic"), lambda random: draw_network(random, "logistic", scale=4)),
    "50 layers relu": (network("relu"), lambda random: draw_network(random, "relu", 50)),
    "50 layers tanh": (network("tanh"), lambda random: draw_network(random, "tanh", 50)),
    "50 layers sigmoid": (network("sigmoid"), lambda random: draw_network(random, "sigmoid", 50)),
    "attention": (attention, draw_attention),
    "recurrent": (recurrent, draw_recurrent),
    "bilinear": (bilinear, lambda random: tuple(map(random.standard_normal, [(7, 3), (3, 4, 5), (7, 4)]))),
    "running": (running, lambda random: (random.standard_normal((4, 30)) * 0.3, random.random((4, 30)))),
}  # fmt: skip

# PyTorch's side.

LOSSES = {
    "cross_entropy": functional.cross_entropy,
    "log_softmax": lambda z, t: functional.nll_loss(torch.log_softmax(z, 1), t),
    "softmax, log, pick": lambda z, t: -torch.log(torch.softmax(z, 1))[torch.arange(len(t)), t].mean(),
    "logsumexp": lambda z, t: (torch.logsumexp(z, 1) - z[torch.arange(len(t)), t]).mean(),
    "sum / n": lambda z, t: functional.cross_entropy(z, t, reduction="sum") / len(t),
    "one-hot": lambda z, t: -(functional.one_hot(t, z.shape[1]) * torch.log_softmax(z, 1)).sum() / len(t),
}
UNITS = {
    "relu": {"": torch.relu, "where": lambda z: torch.where(z > 0, z, 0.0), "product": lambda z: z * (z > 0)},
    "tanh": {"": torch.tanh},
    "sigmoid": {
        "": torch.sigmoid,
        "exp": lambda z: 1 / (1 + torch.exp(-z)),
        "tanh": lambda z: 0.5 * (1 + torch.tanh(0.5 * z)),
    },
    "logistic": {"": lambda z: 1 / (1 + torch.exp(-z))},
}


def torch_network(activation, loss="cross_entropy", unit="", keep=lambda x: x):
    """keep: what the first product does to its inputs."""

    def apply(parameters, x, labels):
        depth = len(parameters) // 2
        for k in range(1, depth + 1):
            W = parameters[f"W{k}"]
            x = (keep(x) @ keep(W) if k == 1 else x @ W) + parameters[f"b{k}"]
            x = UNITS[activation][unit](x) if k < depth else x
        return LOSSES[loss](x, labels)

    return apply


def torch_attention(fused):
    def apply(parameters, x):
        q, k, v = (x @ parameters[name] for name in ("query", "key", "value"))
        if fused:
            y = x + functional.scaled_dot_product_attention(q, k, v)
            y = functional.layer_norm(y, y.shape[-1:], parameters["gain"], parameters["offset"])
            y = functional.gelu(y @ parameters["up"], approximate="tanh")
            return functional.mse_loss(y @ parameters["down"], torch.zeros_like(x))
        y = x + torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v
        y = (y - y.mean(-1, keepdim=True)) / torch.sqrt(y.var(-1, keepdim=True, correction=0) + 1e-5)
        y = (y * parameters["gain"] + parameters["offset"]) @ parameters["up"]
        y = 0.5 * y * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (y + 0.044715 * y**3)))
        y = y @ parameters["down"]
        return (y * y).sum() / y.numel()

    return apply


def torch_recurrent(W, U, b, out, x, labels):
    h = torch.zeros_like(b)
    for step in x:
        h = torch.tanh(step @ W + h @ U + b)
    return functional.cross_entropy(h @ out, labels)


def torch_memory(W, U, b, x):
    h = c = torch.zeros((x.shape[1], U.shape[0]), dtype=x.dtype)
    for step in x:
        keep, write, read, new = (step @ W + h @ U + b).chunk(4, dim=1)
        c = torch.sigmoid(keep) * c + torch.sigmoid(write) * torch.tanh(new)
        h = torch.sigmoid(read) * torch.tanh(c)
    return (h**2).mean()


def torch_rnn(W, U, b, out, x, labels):
    _, last = torch.rnn_tanh(x, torch.zeros(1, x.shape[1], len(b), dtype=x.dtype), [W.T, U.T, b, torch.zeros_like(b)],
                             True, 1, 0.0, True, False, False)  # fmt: skip
    return functional.cross_entropy(last[0] @ out, labels)


def _network_routes(activation):
    routes = {loss: torch_network(activation, loss) for loss in LOSSES}
    return routes | {unit: torch_network(activation, unit=unit) for unit in UNITS[activation] if unit}


ROUTES = {
    "convolution": {"": lambda x, kernel: torch.relu(functional.conv2d(x, kernel)).pow(2).mean()},
    "normalised": {"": lambda x, *ends: torch.relu(functional.batch_norm(x, None, None, *ends, True)).pow(2).mean()},
    "memory": {"": torch_memory},
    "logistic regression": {"": lambda w, x, y: functional.binary_cross_entropy_with_logits(x @ w, y)},
    "x sigmoid(x)": {"": lambda x: functional.silu(x).sum(), "product": lambda x: (x * torch.sigmoid(x)).sum()},
    "network relu": _network_routes("relu"),
    "network tanh": _network_routes("tanh"),
    "network sigmoid": _network_routes("sigmoid"),
    "saturated sigmoid": _network_routes("sigmoid"),
    "network logistic": {loss: torch_network("logistic", loss) for loss in LOSSES},
    "saturated logistic": {loss: torch_network("logistic", loss) for loss in LOSSES},
    "50 layers relu": {"": torch_network("relu")},
    "50 layers tanh": {"": torch_network("tanh")},
    "50 layers sigmoid": {"": torch_network("sigmoid"), "exp": torch_network("sigmoid", unit="exp")},
    "attention": {"fused": torch_attention(True), "by hand": torch_attention(False)},
    "recurrent": {"by hand": torch_recurrent, "rnn_tanh": torch_rnn},
    "bilinear": {
        "einsum": lambda a, T, b: torch.einsum("ni,ijk,nj->nk", a, T, b).square().mean(),
        "products": lambda a, T, b: ((a @ T.flatten(1)).unflatten(1, T.shape[1:]) * b[:, :, None]).sum(1).pow(2).mean(),
    },
    "running": {
        "cumsum": lambda x, y: functional.mse_loss(torch.exp(-torch.cumsum(x * x, 1)), y),
        "triangle": lambda x, y: (torch.exp(-(x * x) @ torch.ones(len(x.T), len(x.T), dtype=x.dtype).triu()) - y)
        .square().mean(),
    },
}  # fmt: skip


def cast(tree, dtype):
    """All floats of a tree in that dtype."""
    if isinstance(tree, dict):
        return {name: cast(part, dtype) for name, part in tree.items()}
    if isinstance(tree, tuple | list):
        return type(tree)(cast(part, dtype) for part in tree)
    return tree.astype(dtype) if tree.dtype.kind == "f" else tree


def tensors(tree):
    """The same tree of PyTorch's tensors; floats require a gradient."""
    if isinstance(tree, dict):
        return {name: tensors(part) for name, part in tree.items()}
    if isinstance(tree, tuple | list):
        return type(tree)(map(tensors, tree))
    return torch.tensor(tree, requires_grad=tree.dtype.kind == "f")


def gradients(tree):
    """The same tree of gradients, without what has none."""
    if isinstance(tree, dict):
        return {name: gradients(part) for name, part in tree.items()}
    if isinstance(tree, tuple | list):
        return [gradients(part) for part in tree if isinstance(part, dict | tuple | list) or part.requires_grad]
    return tree.grad


def by_torch(function, arguments):
    """(the value, the gradients) that PyTorch finds."""
    arguments = tensors(arguments)
    value = function(*arguments)
    value.backward()
    return value.detach(), gradients(arguments)


@pytest.fixture(scope="session")
def functions():
    """f(name) in NumPy, draw(name, seed, dtype) its arguments, routes(name) in PyTorch, by_torch(route, arguments)."""

    def draw(name, seed, dtype=np.float64):
        return cast(FUNCTIONS[name][1](np.random.default_rng(seed)), dtype)

    def draw_net(seed, dtype, *settings, **more):
        return cast(draw_network(np.random.default_rng(seed), *settings, **more), dtype)

    return SimpleNamespace(
        f=lambda name: FUNCTIONS[name][0], draw=draw, routes=ROUTES.get, by_torch=by_torch, network=network,
        draw_network=draw_net, torch_network=torch_network, names=list(FUNCTIONS), cast=cast,
    )  # fmt: skip
