import numpy as np

text = """i am happy because i am learning and i am learning because i am curious and you are happy
because you are learning because you are curious""".split()
word2ind = {w: i for i, w in enumerate(sorted(set(text)))}


def initialize_model(N, V, random_seed=1):
    rng = np.random.RandomState(random_seed)
    W1 = rng.uniform(-0.5, 0.5, (N, V))
    W2 = rng.uniform(-0.5, 0.5, (V, N))
    b1 = rng.uniform(0, 0.1, N)
    b2 = rng.uniform(0, 0.1, V)
    return W1, W2, b1, b2


def softmax(z):
    e = np.exp(z - np.max(z, axis=0))
    return e / np.sum(e, axis=0)


def forward_prop(x, W1, W2, b1, b2):
    h = np.tanh(np.dot(W1, x) + b1[:, None])
    z = np.dot(W2, h) + b2[:, None]
    return z, h


def compute_cost(y, yhat, batch_size):
    return -np.sum(y * np.log(yhat)) / batch_size


def back_prop(x, yhat, y, h, W2, m):
    l2 = yhat - y
    l1 = np.dot(W2.T, l2) * (1 - h ** 2)
    grad_W1 = np.dot(l1, x.T) / m
    grad_W2 = np.dot(l2, h.T) / m
    grad_b1 = np.sum(l1 / m, axis=1)
    grad_b2 = np.sum(l2 / m, axis=1)
    return grad_W1, grad_W2, grad_b1, grad_b2


def get_batches(text, C, V, batch_size):
    xs, ys = [], []
    for i in range(len(text)):
        x, y = np.zeros(V), np.zeros(V)
        for j in range(max(0, i - C), min(len(text), i + C + 1)):
            if j != i:
                x[word2ind[text[j]]] += 1      # how often is each word near
        y[word2ind[text[i]]] = 1
        xs.append(x)
        ys.append(y)
        if len(xs) == batch_size:
            yield np.array(xs).T, np.array(ys).T
            xs, ys = [], []


N, V, alpha = 12, len(word2ind), 0.3
W1, W2, b1, b2 = initialize_model(N, V)
for epoch in range(60):
    for x, y in get_batches(text, 2, V, 8):
        z, h = forward_prop(x, W1, W2, b1, b2)
        yhat = softmax(z)
        cost = compute_cost(y, yhat, 8)
        grad_W1, grad_W2, grad_b1, grad_b2 = back_prop(x, yhat, y, h, W2, 8)
        W1 -= alpha * grad_W1
        W2 -= alpha * grad_W2
        b1 -= alpha * grad_b1
        b2 -= alpha * grad_b2
    if epoch % 10 == 0:
        print('epoch', epoch, 'cost', cost)
