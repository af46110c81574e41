import numpy as np
from keras.datasets import mnist

(train_X, train_y), (test_X, test_y) = mnist.load_data()
train_X = train_X[:1000].reshape(1000, 784) / 255
test_X = test_X[:300].reshape(300, 784) / 255


class Net:
    def __init__(self, n_in=784, n_hid=30, n_out=10):
        self.W1 = np.random.randn(n_hid, n_in) * np.sqrt(1 / n_in)
        self.B1 = np.zeros(n_hid)
        self.W2 = np.random.randn(n_out, n_hid) * np.sqrt(1 / n_hid)
        self.B2 = np.zeros(n_out)

    def forward(self, X):
        self.X = X
        self.H = 1 / (1 + np.exp(-(self.W1 @ X + self.B1)))
        S = self.W2 @ self.H + self.B2
        S = np.exp(S - np.max(S))
        self.O = S / np.sum(S)
        return self.O

    def backward(self, Y, rate):
        dS = self.O - Y
        dH = self.W2.T @ dS
        dZ = dH * self.H * (1 - self.H)
        self.W2 -= rate * np.outer(dS, self.H)
        self.B2 -= rate * dS
        self.W1 -= rate * np.outer(dZ, self.X)
        self.B1 -= rate * dZ


np.random.seed(17)
net = Net()
for epoch in range(3):
    loss = 0
    for x, label in zip(train_X, train_y):
        target = np.zeros(10)
        target[label] = 1
        loss -= np.log(net.forward(x)[label])
        net.backward(target, 0.1)
    accuracy = np.mean([np.argmax(net.forward(x)) == label for x, label in zip(test_X, test_y[:300])])
    print('epoch', epoch, 'loss', loss / 1000, 'test accuracy', accuracy)
