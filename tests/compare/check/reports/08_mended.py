import numpy as np


class MLP:
    def __init__(self, n_features, n_units, n_classes, seed=0):
        rs = np.random.RandomState(seed)
        self.w_hidden = rs.randn(n_features, n_units) / np.sqrt(n_features)
        self.b_hidden = np.zeros(n_units)
        self.w_output = rs.randn(n_units, n_classes) / np.sqrt(n_units)
        self.b_output = np.zeros(n_classes)

    def forward(self, inputs):
        z_h = inputs @ self.w_hidden + self.b_hidden
        h = np.tanh(z_h)
        z_o = h @ self.w_output + self.b_output
        e = np.exp(z_o - z_o.max(axis=1, keepdims=True))
        o = e / e.sum(axis=1, keepdims=True)
        return z_h, h, z_o, o

    def backward(self, inputs, targets, lr):
        batch_size = inputs.shape[0]
        z_h, h, z_o, o = self.forward(inputs)

        # output layer
        grad_o = o - targets
        grad_wo = h.T @ grad_o / batch_size
        grad_bo = grad_o.sum(axis=0) / batch_size

        # hidden layer
        grad_h = grad_o @ self.w_output.T
        grad_zh = grad_h * (1 - np.tanh(z_h) ** 2)
        grad_wh = inputs.T @ grad_zh / batch_size
        grad_bh = grad_zh.sum(axis=0) / batch_size

        self.w_output -= lr * grad_wo
        self.b_output -= lr * grad_bo
        self.w_hidden -= lr * grad_wh
        self.b_hidden -= lr * grad_bh
        return -np.sum(targets * np.log(o + 1e-12)) / batch_size


rs = np.random.RandomState(9)
group = rs.randint(0, 5, 400)
points = (rs.randn(5, 8) * 1.5)[group] + rs.randn(400, 8)
onehot = np.eye(5)[group]

mlp = MLP(8, 16, 5)
for epoch in range(30):
    for i in range(0, 400, 40):
        loss = mlp.backward(points[i:i + 40], onehot[i:i + 40], 0.2)
    if epoch % 6 == 0:
        print('epoch', epoch, 'loss', loss, 'accuracy', np.mean(mlp.forward(points)[3].argmax(axis=1) == group))
