import numpy as np


def relu(z):
    return np.maximum(z, 0)


def d_relu(z):
    return (z > 0).astype(float)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def init_params(n_in, n_hidden):
    W1 = np.random.randn(n_hidden, n_in)
    b1 = np.zeros((n_hidden, 1))
    W2 = np.random.randn(1, n_hidden) * 0.5
    b2 = np.zeros((1, 1))
    return W1, b1, W2, b2


def forward_prop(X, W1, b1, W2, b2):
    Z1 = W1 @ X + b1
    A1 = relu(Z1)
    Z2 = W2 @ A1 + b2
    A2 = sigmoid(Z2)
    return A1, A2


def backward_prop(X, Y, A1, A2, W2):
    m = X.shape[1]
    dZ2 = A2 - Y
    dZ1 = (W2.T @ dZ2) * d_relu(A1)
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return dW1, db1, dW2, db2


def cost(A2, Y):
    return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))


np.random.seed(5)
X = np.random.randn(2, 300)
Y = (X[0] * X[1] > 0).astype(float).reshape(1, 300)

W1, b1, W2, b2 = init_params(2, 10)
for i in range(800):
    A1, A2 = forward_prop(X, W1, b1, W2, b2)
    if i % 200 == 0:
        print(i, cost(A2, Y), np.mean((A2 > 0.5) == Y))
    dW1, db1, dW2, db2 = backward_prop(X, Y, A1, A2, W2)
    W1 = W1 - 0.3 * dW1
    b1 = b1 - 0.3 * db1
    W2 = W2 - 0.3 * dW2
    b2 = b2 - 0.3 * db2
