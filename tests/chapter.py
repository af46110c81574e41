"""The network as the chapter prints it, typed anew: where the reader comes from.

Nothing of this project uses it but a test, which holds it against the three, and the table at the head of
`docs/bridge.md`, which says what became of each of its lines in `manual/network.py`.
"""

import numpy as np


class NeuralNetwork:
    """784 -> 128 -> 64 -> 10. X is (m, 784), one image a row; y is one-hot, (m, 10)."""

    def __init__(self):
        self.W1 = np.random.randn(784, 128) * 0.01
        self.b1 = np.zeros(128)
        self.W2 = np.random.randn(128, 64) * 0.01
        self.b2 = np.zeros(64)
        self.W3 = np.random.randn(64, 10) * 0.01
        self.b3 = np.zeros(10)

    def relu(self, z):
        return np.maximum(0, z)

    def softmax(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def forward(self, X):
        self.z1 = X @ self.W1 + self.b1
        self.a1 = self.relu(self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2
        self.a2 = self.relu(self.z2)
        self.z3 = self.a2 @ self.W3 + self.b3
        self.a3 = self.softmax(self.z3)
        return self.a3

    def loss(self, y):
        return -np.sum(y * np.log(self.a3 + 1e-8)) / len(y)

    def backward(self, X, y, learning_rate):
        m = len(X)

        dz3 = self.a3 - y
        dW3 = self.a2.T @ dz3 / m
        db3 = dz3.sum(axis=0) / m

        dz2 = (dz3 @ self.W3.T) * (self.z2 > 0)
        dW2 = self.a1.T @ dz2 / m
        db2 = dz2.sum(axis=0) / m

        dz1 = (dz2 @ self.W2.T) * (self.z1 > 0)
        dW1 = X.T @ dz1 / m
        db1 = dz1.sum(axis=0) / m

        self.W3 -= learning_rate * dW3
        self.b3 -= learning_rate * db3
        self.W2 -= learning_rate * dW2
        self.b2 -= learning_rate * db2
        self.W1 -= learning_rate * dW1
        self.b1 -= learning_rate * db1
