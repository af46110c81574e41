import numpy as np
from tensorflow.keras.datasets import mnist

(X_train, y_train), (X_test, y_test) = mnist.load_data()
X_train = X_train[:2000].reshape(-1, 784) / 255.0
X_test = X_test[:500].reshape(-1, 784) / 255.0
y_train, y_test = y_train[:2000], y_test[:500]


class NeuralNetwork:
    def __init__(self, n_inputs, n_hidden, n_outputs):
        rng = np.random.default_rng(1)
        self.W1 = rng.normal(size=(n_inputs, n_hidden)) * np.sqrt(2 / n_inputs)
        self.b1 = np.zeros(n_hidden)
        self.W2 = rng.normal(size=(n_hidden, n_outputs)) * np.sqrt(2 / n_hidden)
        self.b2 = np.zeros(n_outputs)

    def forward(self, X):
        self.Z1 = X.dot(self.W1) + self.b1
        self.A1 = np.maximum(0, self.Z1)
        self.Z2 = self.A1.dot(self.W2) + self.b2
        expZ = np.exp(self.Z2 - self.Z2.max(axis=1, keepdims=True))
        self.A2 = expZ / expZ.sum(axis=1, keepdims=True)
        return self.A2

    def backward(self, X, onehot):
        m = X.shape[0]
        dZ2 = self.A2 - onehot
        self.dW2 = self.A1.T.dot(dZ2) / m
        self.db2 = dZ2.sum(axis=0) / m
        dZ1 = dZ2.dot(self.W2.T) * (self.Z1 > 0)
        self.dW1 = X.T.dot(dZ1) / m
        self.db1 = dZ1.sum(axis=0) / m

    def fit(self, X, y, epochs=5, batch_size=50, lr=0.1):
        onehot = np.eye(10)[y]
        for epoch in range(epochs):
            order = np.random.permutation(len(X))
            for start in range(0, len(X), batch_size):
                batch = order[start:start + batch_size]
                self.forward(X[batch])
                self.backward(X[batch], onehot[batch])
                self.W1 -= lr * self.dW1
                self.b1 -= lr * self.db1
                self.W2 -= lr * self.dW2
                self.b2 -= lr * self.db2
            loss = -np.mean(np.log(self.forward(X)[np.arange(len(y)), y] + 1e-12))
            print(f"epoch {epoch + 1}: loss {loss:.4f}")

    def predict(self, X):
        return self.forward(X).argmax(axis=1)


np.random.seed(1)
model = NeuralNetwork(784, 64, 10)
model.fit(X_train, y_train)
print("test accuracy", (model.predict(X_test) == y_test).mean())
