import numpy as np


def softmax(z):
    exp_z = np.exp(z - np.max(z, axis=1, keepdims=True))
    return exp_z / np.sum(exp_z, axis=1, keepdims=True)


class NeuralNetwork:
    def __init__(self, input_size=784, hidden1_size=128, hidden2_size=64, output_size=10):
        self.W1 = np.random.randn(input_size, hidden1_size)
        self.b1 = np.zeros((1, hidden1_size))
        self.W2 = np.random.randn(hidden1_size, hidden2_size)
        self.b2 = np.zeros((1, hidden2_size))
        self.W3 = np.random.randn(hidden2_size, output_size)
        self.b3 = np.zeros((1, output_size))

    def forward(self, x):
        self.z1 = x @ self.W1 + self.b1
        self.a1 = np.maximum(0, self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2
        self.a2 = np.maximum(0, self.z2)
        self.z3 = self.a2 @ self.W3 + self.b3
        return softmax(self.z3)

    def backward(self, x, y, output, learning_rate):
        m = x.shape[0]

        dz3 = output - y
        dW3 = self.a2.T @ dz3 / m
        db3 = np.sum(dz3, axis=0, keepdims=True) / m

        dz2 = (dz3 @ self.W3.T) * (self.z2 > 0)
        dW2 = self.a1.T @ dz2 / m
        db2 = np.sum(dz2, axis=0, keepdims=True) / m

        dz1 = (dz2 @ self.W2.T) * (self.z1 > 0)
        dW1 = x.T @ dz1 / m
        db1 = np.sum(dz1, axis=0, keepdims=True) / m

        self.W3 -= learning_rate * dW3
        self.b3 -= learning_rate * db3
        self.W2 -= learning_rate * dW2
        self.b2 -= learning_rate * db2
        self.W1 -= learning_rate * dW1
        self.b1 -= learning_rate * db1


def cross_entropy_loss(y, output):
    return -np.mean(np.sum(y * np.log(output + 1e-8), axis=1))


# made-up digits: every class has its own bright pixels
np.random.seed(0)
patterns = (np.random.rand(10, 784) < 0.15) * 0.8
labels = np.random.randint(0, 10, 500)
x_train = np.clip(patterns[labels] + 0.2 * np.random.rand(500, 784), 0, 1)
y_train = np.eye(10)[labels]

network = NeuralNetwork()
learning_rate = 0.01
for epoch in range(50):
    output = network.forward(x_train)
    network.backward(x_train, y_train, output, learning_rate)
    if epoch % 10 == 0:
        print(f"Epoch {epoch}, loss {cross_entropy_loss(y_train, output):.4f}")

predictions = np.argmax(network.forward(x_train), axis=1)
print("accuracy", np.mean(predictions == labels))
