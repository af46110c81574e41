import numpy as np

np.random.seed(1)

# is the point inside the circle?
X = np.random.uniform(-1.5, 1.5, (200, 2))
y = (X[:, 0] ** 2 + X[:, 1] ** 2 < 1).astype(float).reshape(-1, 1)
m = len(X)

W1 = np.random.randn(2, 8)
b1 = np.zeros((1, 8))
W2 = np.random.randn(8, 1)
b2 = np.zeros((1, 1))
lr = 2.0


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


for epoch in range(2000):
    # forward
    z1 = X @ W1 + b1
    a1 = sigmoid(z1)
    z2 = a1 @ W2 + b2
    a2 = sigmoid(z2)
    loss = np.sum((a2 - y) ** 2) / (2 * m)

    # backward
    dz2 = (y - a2) * a2 * (1 - a2) / m
    dW2 = a1.T @ dz2
    db2 = np.sum(dz2, axis=0, keepdims=True)
    dz1 = (dz2 @ W2.T) * a1 * (1 - a1)
    dW1 = X.T @ dz1
    db1 = np.sum(dz1, axis=0, keepdims=True)

    # update
    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2

    if epoch % 400 == 0:
        print(epoch, "loss", loss, "accuracy", np.mean((a2 > 0.5) == y))
