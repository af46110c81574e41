import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.random.randn(n_hidden, n_in) * .05; self.b1 = np.zeros((n_hidden, 1))
        self.W2 = np.random.randn(n_out, n_hidden) * .2; self.b2 = np.zeros((n_out, 1))
    def forward(self, X):
        self.z1 = self.W1 @ X.T + self.b1
        self.a1 = np.maximum(self.z1, 0)
        self.z2 = self.W2 @ self.a1 + self.b2
        e = np.exp(self.z2 - self.z2.max(axis=0, keepdims=True))
        self.a2 = e / e.sum(axis=0, keepdims=True)
        return self.a2
    def backward(self, X, y, lr):
        dz2 = (self.a2 - y.T) / len(X)
        dW2 = dz2 @ self.a1.T
        db2 = dz2.sum(axis=1, keepdims=True)
        dz1 = (self.W2.T @ dz2) * (self.z1 > 0)
        dW1 = dz1 @ X
        db1 = dz1.sum(axis=1, keepdims=True)
        self.W1 -= lr * dW1; self.b1 -= lr * db1
        self.W2 -= lr * dW2; self.b2 -= lr * db2
