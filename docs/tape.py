"""The smallest tape: numbers that remember what they were made of. Type it, then read `autograd/tape.py`."""


class Number:
    def __init__(self, value, made_of=()):
        self.value, self.grad, self.made_of = value, 0.0, made_of  # made_of: (number, derivative with respect to it)

    def __add__(self, other):
        return Number(self.value + other.value, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return Number(self.value * other.value, [(self, other.value), (other, self.value)])

    def relu(self):
        return Number(max(self.value, 0.0), [(self, float(self.value > 0))])

    def backward(self):
        order = []

        def visit(number):
            if number not in order:
                for part, _ in number.made_of:
                    visit(part)
                order.append(number)

        visit(self)
        self.grad = 1.0
        for number in reversed(order):  # whoever used a number comes before it, so its gradient is complete
            for part, derivative in number.made_of:
                part.grad += number.grad * derivative


x, w, b, v = Number(2.0), Number(3.0), Number(-4.0), Number(5.0)
h = (x * w + b).relu()
loss = h + h * v  # h is used twice
loss.backward()
print("loss", loss.value, "; gradients: h", h.grad, "v", v.grad, "b", b.grad, "w", w.grad, "x", x.grad)
