import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.random.randn(n_in, n_hidden) * .05; self.b1 = np.zeros((1, n_hidden))
        self.W2 = np.random.randn(n_hidden, n_out) * .2; self.b2 = np.zeros((1, n_out))
    def forward(self, X):
        self.z1 = X @ self.W1 + self.b1
        self.a1 = np.maximum(self.z1, 0)
        self.z2 = self.a1 @ self.W2 + self.b2
        e = np.exp(self.z2 - self.z2.max(axis=1, keepdims=True))
        self.a2 = e / e.sum(axis=1, keepdims=True)
        return self.a2
    def backward(self, X, y, lr):
        delta3 = (self.a2 - y) / len(X)
        dW2 = self.a1.T @ delta3
        db2 = delta3.sum(axis=0, keepdims=True)
        delta2 = (delta3 @ self.W2.T) * (self.z1 > 0)
        dW1 = X.T @ delta2
        db1 = delta2.sum(axis=0, keepdims=True)
        self.W1 -= lr * dW1; self.b1 -= lr * db1
        self.W2 -= lr * dW2; self.b2 -= lr * db2
