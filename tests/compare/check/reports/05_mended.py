import numpy as np


def softmax(z):
    return np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)


class Network:
    def __init__(self):
        self.w1 = np.random.randn(4, 10) * 0.5
        self.b1 = np.zeros(10)
        self.w2 = np.random.randn(10, 3) * 0.5
        self.b2 = np.zeros(3)

    def forward(self, x):
        self.h = np.tanh(x @ self.w1 + self.b1)
        self.y = softmax(self.h @ self.w2 + self.b2)
        return self.y

    def loss(self, y_hat):
        return -np.sum(y_hat * np.log(self.y)) / len(y_hat)

    def backward(self, x, y_hat, lr):
        # y_hat: the true labels, one-hot
        delta2 = (self.y - y_hat) / len(x)
        grad_w2 = self.h.T @ delta2
        grad_b2 = delta2.sum(axis=0)
        delta1 = delta2 @ self.w2.T * (1 - self.h ** 2)
        grad_w1 = x.T @ delta1
        grad_b1 = delta1.sum(axis=0)
        self.w2 -= lr * grad_w2
        self.b2 -= lr * grad_b2
        self.w1 -= lr * grad_w1
        self.b1 -= lr * grad_b1


np.random.seed(11)
species = np.random.randint(0, 3, 150)
flowers = np.random.randn(3, 4)[species] + 0.4 * np.random.randn(150, 4)
y_hat = np.zeros((150, 3))
y_hat[np.arange(150), species] = 1

net = Network()
for epoch in range(300):
    net.forward(flowers)
    if epoch % 60 == 0:
        print(epoch, net.loss(y_hat), np.mean(net.y.argmax(axis=1) == species))
    net.backward(flowers, y_hat, 0.5)
