import numpy as np

with np.load("mnist.npz") as f:
    images = f["x_train"][:400].reshape(-1, 784, 1) / 255
    digits = f["y_train"][:400]


class Network:
    def __init__(self, sizes):
        self.sizes = sizes
        self.weights = [np.random.randn(n, k) / np.sqrt(k) for k, n in zip(sizes[:-1], sizes[1:])]
        self.biases = [np.random.randn(n, 1) for n in sizes[1:]]

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def feed(self, x):
        activations = [x]
        for w, b in zip(self.weights, self.biases):
            activations.append(self.sigmoid(w @ activations[-1] + b))
        return activations

    def learn(self, x, y, eta):
        a = self.feed(x)
        delta = (a[-1] - y) * a[-1] * (1 - a[-1])
        grads = []
        for i in range(len(self.weights) - 1, -1, -1):
            grads.append((delta @ a[i].T, delta))
            delta = (self.weights[i].T @ delta) * a[i] * (1 - a[i])
        for i, (dw, db) in enumerate(reversed(grads)):
            self.weights[i] -= eta * dw
            self.biases[i] -= eta * db
        return 0.5 * np.sum((a[-1] - y) ** 2)


np.random.seed(21)
net = Network([784, 16, 16, 10])
for epoch in range(5):
    cost, hits = 0.0, 0
    for x, d in zip(images, digits):
        y = np.zeros((10, 1))
        y[d] = 1
        cost += net.learn(x, y, 0.5)
        hits += int(np.argmax(net.feed(x)[-1]) == d)
    print("epoch", epoch, "cost", cost / len(images), "right", hits, "of", len(images))
