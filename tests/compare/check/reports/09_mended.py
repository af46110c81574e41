import numpy as np

# any number of layers; entry 0 is the input, so weights[0] stays None
layers = [10, 10, 10, 10]
depth = len(layers)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


np.random.seed(14)
weights = [None]
biases = [None]
for d in range(1, depth):
    weights.append(np.random.randn(layers[d], layers[d - 1]))
    biases.append(np.zeros((layers[d], 1)))


def forward(x):
    activations = [x]
    zs = [None]
    for d in range(1, depth):
        z = weights[d].dot(activations[d - 1]) + biases[d]
        zs.append(z)
        activations.append(softmax(z) if d == depth - 1 else sigmoid(z))
    return activations, zs


def backward(activations, y):
    m = y.shape[1]
    dws = [None] * depth
    dbs = [None] * depth
    dz = activations[-1] - y
    for d in range(depth - 1, 0, -1):
        dw = dz.dot(activations[d - 1].T) / m
        db = dz.sum(axis=1, keepdims=True) / m
        dws[d] = dw
        dbs[d] = db
        if d > 1:
            a = activations[d - 1]
            dz = weights[d].T.dot(dz) * a * (1 - a)
    return dws, dbs


prototypes = np.random.randn(10, 10) * 1.5
kind = np.random.randint(0, 10, 300)
x = prototypes[:, kind] + 0.5 * np.random.randn(10, 300)
y = np.eye(10)[:, kind]

for step in range(400):
    activations, zs = forward(x)
    dws, dbs = backward(activations, y)
    for d in range(1, depth):
        weights[d] -= 1.0 * dws[d]
        biases[d] -= 1.0 * dbs[d]
    if step % 80 == 0:
        loss = -np.sum(y * np.log(activations[-1] + 1e-12)) / 300
        print(step, loss, np.mean(activations[-1].argmax(axis=0) == kind))
