"""The chapter's network in JAX, a fourth way beside the three: functions, and a gradient of functions.

    python -m compare run --with docs/jax_network.py:Network

No layer, no tape, no optimizer: `jax.value_and_grad` makes of the loss another function, which gives the loss and its
derivative with respect to the parameters. JAX is no dependency of this project; `pip install jax` brings it.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)  # else a float64 array becomes float32, without a word

ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}


def forward(parameters, x, activation, nudge):
    """Every z and a by name, of as many layers as there are; each has `nudge` of its name added to it."""
    lines, a = {}, x
    depth = len(parameters) // 2
    for k in range(1, depth + 1):
        lines[f"z{k}"] = a @ parameters[f"W{k}"] + parameters[f"b{k}"] + nudge.get(f"z{k}", 0)
        if k < depth:
            lines[f"a{k}"] = a = ACTIVATIONS[activation](lines[f"z{k}"]) + nudge.get(f"a{k}", 0)
    return lines


def mean_loss(parameters, nudge, x, labels, activation):
    """The mean cross-entropy, and the lines on the way to it."""
    lines = forward(parameters, x, activation, nudge)
    logs = jax.nn.log_softmax(lines[f"z{len(parameters) // 2}"])
    return -jnp.take_along_axis(logs, labels[:, None], axis=1).mean(), lines


@partial(jax.jit, static_argnames="activation")
def scores(parameters, x, activation):
    """(m, classes)."""
    return forward(parameters, x, activation, {})[f"z{len(parameters) // 2}"]


@partial(jax.jit, static_argnames="activation")
def loss_and_gradients(parameters, nudge, x, labels, activation):
    """((loss, lines), (of the parameters, of the nudges)): the gradient of a line's nudge of 0 is the line's own."""
    return jax.value_and_grad(mean_loss, argnums=(0, 1), has_aux=True)(parameters, nudge, x, labels, activation)


class Network:
    """The contract of this project's networks around those functions."""

    def __init__(self, parameters, activation="relu"):
        self.p = {name: jnp.asarray(value) for name, value in parameters.items()}
        self.activation = activation

    def parameters(self):
        """The same dict of NumPy arrays back."""
        return {name: np.asarray(value) for name, value in self.p.items()}

    def logits(self, x):
        """Scores (m, classes)."""
        return np.asarray(scores(self.p, x, self.activation))

    def predict(self, x):
        """Class numbers (m,)."""
        return self.logits(x).argmax(axis=1)

    def loss(self, x, labels):
        """The mean cross-entropy."""
        return float(mean_loss(self.p, {}, x, labels, self.activation)[0])

    def gradients(self, x, labels):
        """The loss and its derivative with respect to each parameter."""
        (loss, _), (by_parameter, _) = loss_and_gradients(self.p, {}, x, labels, self.activation)
        return float(loss), {name: np.asarray(value) for name, value in by_parameter.items()}

    def step(self, x, labels, learning_rate):
        """One step of stochastic gradient descent; the loss before it."""
        (loss, _), (by_parameter, _) = loss_and_gradients(self.p, {}, x, labels, self.activation)
        self.p = {name: value - learning_rate * by_parameter[name] for name, value in self.p.items()}
        return float(loss)

    def trace(self, x, labels):
        """Every line of the calculation by name, forward and backward."""
        nothing = {name: jnp.zeros_like(line) for name, line in forward(self.p, x, self.activation, {}).items()}
        (loss, lines), (by_parameter, by_line) = loss_and_gradients(self.p, nothing, x, labels, self.activation)
        found = {**lines, "loss": loss}
        found |= {f"d{name}": value for name, value in {**by_line, **by_parameter}.items()}
        return {name: np.asarray(value) for name, value in found.items()}
