import numpy as np


def relu(Z):
    return np.maximum(Z, 0)


def softmax(Z):
    e = np.exp(Z - Z.max(axis=0))
    return e / e.sum(axis=0)


def init(dims):
    np.random.seed(7)
    W1 = np.random.randn(dims[1], dims[0]) * np.sqrt(2.0 / dims[0])
    W2 = np.random.randn(dims[2], dims[1]) * np.sqrt(2.0 / dims[1])
    W3 = np.random.randn(dims[3], dims[2]) * np.sqrt(2.0 / dims[2])
    b1, b2, b3 = np.zeros((dims[1], 1)), np.zeros((dims[2], 1)), np.zeros((dims[3], 1))
    return W1, b1, W2, b2, W3, b3


def forward(X, W1, b1, W2, b2, W3, b3):
    Z1 = np.dot(W1, X) + b1
    A1 = relu(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = relu(Z2)
    Z3 = np.dot(W3, A2) + b3
    A3 = softmax(Z3)
    return Z1, A1, Z2, A2, Z3, A3


def backward(X, Y, W1, b1, W2, b2, W3, b3, Z1, A1, Z2, A2, Z3, A3):
    m = X.shape[1]
    dZ3 = A3 - Y
    dW3 = 1. / m * np.dot(dZ3, A2.T)
    db3 = 1. / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dZ3)
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2 = 1. / m * np.dot(dZ2, A1.T)
    db2 = 1. / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = 1. / m * np.dot(dZ1, X.T)
    db1 = 1. / m * np.sum(dZ1, axis=1, keepdims=True)
    return dW1, db1, dW2, db2, dW3, db3


# four clouds in five dimensions
np.random.seed(3)
centres = np.random.randn(5, 4) * 2
labels = np.random.randint(0, 4, 400)
X = centres[:, labels] + np.random.randn(5, 400)
Y = np.eye(4)[labels].T

learning_rate = 0.1
parameters = init([5, 20, 12, 4])
for i in range(300):
    cache = forward(X, *parameters)
    grads = backward(X, Y, *parameters, *cache)
    parameters = [p - learning_rate * d for p, d in zip(parameters, grads)]
    if i % 60 == 0:
        print(i, -np.mean(np.log(cache[-1][labels, np.arange(400)] + 1e-12)))
