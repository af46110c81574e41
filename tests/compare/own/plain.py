"""A network as somebody else may bring it: NumPy, any depth, no trace. And such that break the contract."""

import numpy as np


class Plain:
    def __init__(self, parameters, activation="relu"):
        self.p, self.depth = parameters, len(parameters) // 2

    def parameters(self):
        return self.p

    def forward(self, x):
        a = [x]
        for k in range(1, self.depth):
            a.append(np.maximum(a[-1] @ self.p[f"W{k}"] + self.p[f"b{k}"], 0))
        return a, a[-1] @ self.p[f"W{self.depth}"] + self.p[f"b{self.depth}"]

    def logits(self, x):
        return self.forward(x)[1]

    def predict(self, x):
        return self.logits(x).argmax(axis=1)

    def loss(self, x, labels):
        return self.gradients(x, labels)[0]

    def gradients(self, x, labels):
        a, z = self.forward(x)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p, rows = e / e.sum(axis=1, keepdims=True), np.arange(len(x))
        dz, found = p.copy(), {}
        dz[rows, labels] -= 1
        dz /= len(x)
        for k in range(self.depth, 0, -1):
            found[f"W{k}"], found[f"b{k}"] = a[k - 1].T @ dz, dz.sum(axis=0)
            dz = dz @ self.p[f"W{k}"].T * (a[k - 1] > 0)
        return -np.log(p[rows, labels]).mean(), found

    def step(self, x, labels, learning_rate):
        loss, d = self.gradients(x, labels)
        self.p = {name: value - learning_rate * d[name] for name, value in self.p.items()}
        return loss


class OnePercentOff(Plain):
    def gradients(self, x, labels):
        loss, found = super().gradients(x, labels)
        return loss, {**found, "W2": found["W2"] * 1.01}


class SpoilsItsInputs(Plain):
    def gradients(self, x, labels):
        found = super().gradients(x, labels)
        x[:], labels[:] = 0, 0
        return found


class Lacks:
    def __init__(self, parameters, activation):
        pass

    def step(self, x, labels, learning_rate):
        pass


class TakesNoActivation(Plain):
    def __init__(self, parameters):
        super().__init__(parameters)


class Transposed(Plain):
    def gradients(self, x, labels):
        loss, found = super().gradients(x, labels)
        return loss, {name: value.T for name, value in found.items()}


class OnlyGradients(Plain):
    def gradients(self, x, labels):
        return super().gradients(x, labels)[1]


class OtherDtype(Plain):
    def gradients(self, x, labels):
        loss, found = super().gradients(x, labels)
        return loss, {name: value.astype("float16") for name, value in found.items()}


class Raises(Plain):
    def gradients(self, x, labels):
        return self.what_is_not_there


class HalfATrace(Plain):
    def trace(self, x, labels):
        return {"z1": x}


NOT_A_CLASS = Plain({})
