import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.random.randn(n_in, n_hidden) * .05; self.b1 = np.zeros((1, n_hidden))
        self.W2 = np.random.randn(n_hidden, n_out) * .2; self.b2 = np.zeros((1, n_out))
    def forward(self, X):
        self.a1 = X @ self.W1 + self.b1
        self.z1 = np.maximum(self.a1, 0)
        self.a2 = self.z1 @ self.W2 + self.b2
        e = np.exp(self.a2 - self.a2.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y
    def backward(self, X, y, lr):
        da2 = (self.y - y) / len(X)
        dW2 = self.z1.T @ da2
        db2 = da2.sum(axis=0, keepdims=True)
        da1 = (da2 @ self.W2.T) * (self.a1 > 0)
        dW1 = X.T @ da1
        db1 = da1.sum(axis=0, keepdims=True)
        self.W1 -= lr * dW1; self.b1 -= lr * db1
        self.W2 -= lr * dW2; self.b2 -= lr * db2
