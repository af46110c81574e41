import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W0 = np.random.randn(n_in, n_hidden) * .05; self.b0 = np.zeros((1, n_hidden))
        self.W1 = np.random.randn(n_hidden, n_out) * .2; self.b1 = np.zeros((1, n_out))
    def forward(self, X):
        self.z0 = X @ self.W0 + self.b0
        self.a0 = np.maximum(self.z0, 0)
        self.z1 = self.a0 @ self.W1 + self.b1
        e = np.exp(self.z1 - self.z1.max(axis=1, keepdims=True))
        self.a1 = e / e.sum(axis=1, keepdims=True)
        return self.a1
    def backward(self, X, y, lr):
        dz1 = (self.a1 - y) / len(X)
        dW1 = self.a0.T @ dz1
        db1 = dz1.sum(axis=0, keepdims=True)
        dz0 = (dz1 @ self.W1.T) * (self.z0 > 0)
        dW0 = X.T @ dz0
        db0 = dz0.sum(axis=0, keepdims=True)
        self.W0 -= lr * dW0; self.b0 -= lr * db0
        self.W1 -= lr * dW1; self.b1 -= lr * db1
