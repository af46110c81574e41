"""The network by hand with its arrays made once: the calculation of `network.py`, and no new memory from step to step.

`network.py` makes some forty arrays in a step and forgets them all. This file spares that, as frameworks do unseen:
- Each line writes into an array that is already there (`out=`), which is then still in the processor's cache.
- The six parameters lie in one long array and their gradients in another, so that the update takes two calls, not
  twelve.
- A batch of more than SLICE rows is taken a slice at a time, and the gradients of the slices are added up: otherwise
  each line would send its result out to memory and the next would fetch it back.
- One row times one column is an outer product, and a multiplication does that sooner than a matrix multiply.

The price is in what you read: an array changes its meaning on the way (z1 becomes a1 in place, then da1 becomes dz1),
and a result lasts until the next step only. Up to SLICE rows every bit is that of `network.py`. Beyond, the sums over
the rows are taken in another order, and differ within the bounds that `python -m compare parity` derives.

Shapes and names are those of `network.py`; the activation is ReLU.
"""

import numpy as np

NAMES = ("W1", "b1", "W2", "b2", "W3", "b3")
SLICE = 1024  # rows: in float32 their arrays take 2.7 MB, beside 3.2 MB of images


class PreallocatedNetwork:
    """Three layers, from a dict of float32 or float64 arrays W1 b1 W2 b2 W3 b3, which are copied.

    Raises KeyError for a name that is not there.
    """

    def __init__(self, parameters: dict[str, np.ndarray]) -> None:
        arrays = [parameters[name] for name in NAMES]
        self.shapes = [array.shape for array in arrays]
        self.all = np.concatenate([array.ravel() for array in arrays])
        self.W1, self.b1, self.W2, self.b2, self.W3, self.b3 = parts(self.all, self.shapes)
        self.d_all, self.d_slice = np.empty_like(self.all), np.empty_like(self.all)
        self.d, self.d_of_slice = parts(self.d_all, self.shapes), parts(self.d_slice, self.shapes)
        self.workspaces: dict[int, Workspace] = {}

    def parameters(self) -> dict[str, np.ndarray]:
        """The six parameters by name, as copies."""
        return dict(zip(NAMES, parts(self.all.copy(), self.shapes), strict=True))

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """The loss and its derivative with respect to each parameter, under the parameter's name and in its shape."""
        loss = self.backpropagate(x, labels)
        return loss, dict(zip(NAMES, parts(self.d_all.copy(), self.shapes), strict=True))

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float:
        """One step of stochastic gradient descent; the loss before it."""
        loss = self.backpropagate(x, labels)
        np.multiply(self.d_all, learning_rate, out=self.d_all)
        np.subtract(self.all, self.d_all, out=self.all)
        return loss

    def backpropagate(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Leave the gradients of the mean loss in `d_all`; the loss."""
        m = len(labels)
        loss = self.backpropagate_slice(x[:SLICE], labels[:SLICE], m, self.d)
        for start in range(SLICE, m, SLICE):
            rows = slice(start, start + SLICE)
            loss += self.backpropagate_slice(x[rows], labels[rows], m, self.d_of_slice)
            np.add(self.d_all, self.d_slice, out=self.d_all)
        return float(loss / m)

    def backpropagate_slice(self, x: np.ndarray, labels: np.ndarray, m: int, d: list[np.ndarray]) -> np.floating:
        """Leave in `d` what these rows of a batch of m contribute to its gradients; the sum of their losses."""
        w = self.workspaces.get(len(x)) or self.workspaces.setdefault(len(x), Workspace(self, len(x)))
        dW1, db1, dW2, db2, dW3, db3 = d

        a1 = np.matmul(x, self.W1, out=w.a1)
        np.add(a1, self.b1, out=a1)
        np.maximum(a1, w.zero1, out=a1)
        a2 = np.matmul(a1, self.W2, out=w.a2)
        np.add(a2, self.b2, out=a2)
        np.maximum(a2, w.zero2, out=a2)
        z3 = np.matmul(a2, self.W3, out=w.z3)
        np.add(z3, self.b3, out=z3)

        np.add(w.row_starts, labels, out=w.chosen)
        loss, dz3 = self.loss_and_dz3(w, m), w.dz3

        w.outer(a2.T, dz3, out=dW3)
        np.add.reduce(dz3, axis=0, out=db3)
        dz2 = np.matmul(dz3, self.W3.T, out=w.dz2)
        np.multiply(dz2, np.greater(a2, 0, out=w.on2), out=dz2)
        w.outer(a1.T, dz2, out=dW2)
        np.add.reduce(dz2, axis=0, out=db2)
        dz1 = np.matmul(dz2, self.W2.T, out=w.dz1)
        np.multiply(dz1, np.greater(a1, 0, out=w.on1), out=dz1)
        w.outer(x.T, dz1, out=dW1)
        np.add.reduce(dz1, axis=0, out=db1)
        return loss

    def loss_and_dz3(self, w: "Workspace", m: int) -> np.floating:
        """Leave dz3 in `w.dz3`; the sum of the losses of these rows.

        Both share the shifted scores, their exponentials and the sums of these.
        """
        z3 = np.subtract(w.z3, np.maximum.reduce(w.z3, axis=1, keepdims=True, out=w.column), out=w.z3)
        dz3 = np.exp(z3, out=w.dz3)
        total = np.add.reduce(dz3, axis=1, keepdims=True, out=w.column)
        np.divide(dz3, total, out=dz3)
        w.dz3_flat[w.chosen] -= 1
        np.divide(dz3, m, out=dz3)
        return np.add.reduce(np.log(total[:, 0]) - w.z3_flat[w.chosen])


class Workspace:
    """The arrays that a pass over so many rows writes into."""

    def __init__(self, net: PreallocatedNetwork, rows: int) -> None:
        dtype = net.all.dtype
        n1, n2, n3 = len(net.b1), len(net.b2), len(net.b3)
        self.a1, self.a2, self.z3 = (np.empty((rows, n), dtype) for n in (n1, n2, n3))
        self.dz1, self.dz2, self.dz3 = (np.empty((rows, n), dtype) for n in (n1, n2, n3))
        self.on1, self.on2 = (np.empty((rows, n), bool) for n in (n1, n2))
        self.column = np.empty((rows, 1), dtype)
        # The larger of two arrays takes np.maximum a third of the time of the larger of an array and a number.
        self.zero1, self.zero2 = (np.zeros((rows, n), dtype) for n in (n1, n2))
        # One index into the flattened scores finds an entry sooner than a row and a column.
        self.row_starts, self.chosen = np.arange(0, rows * n3, n3), np.empty(rows, int)
        self.z3_flat, self.dz3_flat = self.z3.reshape(-1), self.dz3.reshape(-1)
        self.outer = np.multiply if rows == 1 else np.matmul


def parts(flat: np.ndarray, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Views of one long array in these shapes, one after another."""
    views, start = [], 0
    for shape in shapes:
        stop = start + int(np.prod(shape))
        views.append(flat[start:stop].reshape(shape))
        start = stop
    return views
