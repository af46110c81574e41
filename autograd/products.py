"""Operations that multiply and sum: matrix products, and products written with indices."""

import functools
import string

import numpy as np

from autograd.elementwise import multiply
from autograd.operation import operation
from autograd.shaping import reshape
from autograd.tape import unbroadcast


@operation
def matmul(a, b, /):
    """a @ b: (..., n, k) @ (..., k, m) -> (..., n, m), where ... broadcasts.

    A vector is a row on the left and a column on the right, and leaves no axis in the product. Raises ValueError for
    numbers without an axis, or where the k differ.
    """
    product = a @ b
    row, column = a.ndim == 1, b.ndim == 1
    A, B = (a[None, :] if row else a), (b[:, None] if column else b)

    def matrices(g):
        g = g[..., None] if column else g
        return g[..., None, :] if row else g

    def vjp_a(g):
        gradient = unbroadcast(matrices(g) @ B.mT, A.shape)
        return gradient[0] if row else gradient

    def vjp_b(g):
        gradient = unbroadcast(A.mT @ matrices(g), B.shape)
        return gradient[:, 0] if column else gradient

    return product, vjp_a, vjp_b


def dot(a, b, /):
    """np.dot: the product of numbers, of vectors, of matrices, or along a's last axis and b's last but one."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return multiply(a, b)
    if np.ndim(b) <= 2:
        return matmul(a, b)
    left, right = string.ascii_lowercase[: np.ndim(a)], string.ascii_uppercase[: np.ndim(b) - 2]
    return einsum(f"{left},{right}{left[-1]}Z->{left[:-1]}{right}Z", a, b)


def outer(a, b, /):
    """All products of an entry of a with one of b, both flattened: (n,), (m,) -> (n, m)."""
    return multiply(reshape(a, (-1, 1)), reshape(b, (1, -1)))


def einsum(subscripts, /, *operands, optimize=True):  # noqa: ARG001 (it is optimized in any case)
    """The product that `subscripts` spells, as "ij,jk->ik" does a matrix product: a letter an axis, see np.einsum.

    Raises ValueError where the subscripts do not fit the operands.
    """
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms, spare = inputs.split(","), "".join(sorted(set(string.ascii_letters) - set(subscripts)))
    # The axes behind an ellipsis get letters of their own, counted from the last.
    hidden = [np.ndim(x) - len(term.replace("...", "")) for x, term in zip(operands, terms, strict=False)]
    spelled = [n >= 0 and (n == 0 or "..." in term) for n, term in zip(hidden, terms, strict=False)]
    if len(terms) != len(operands) or not all(spelled):
        raise ValueError(f"{subscripts!r} does not fit operands with {[np.ndim(x) for x in operands]} axes.")
    most = spare[: max(hidden)][::-1]
    if not arrow:  # what comes once, in the order of the alphabet, behind the ellipsis
        output = "..." + "".join(sorted(letter for letter in set(inputs) - set(".,") if inputs.count(letter) == 1))
    terms = [term.replace("...", spare[:n][::-1]) for term, n in zip(terms, hidden, strict=True)]
    return _product(*operands, terms=terms, output=output.replace("...", most))


@functools.partial(operation, name="einsum")
def _product(*operands, terms, output):
    """The gradient of an operand is a product of the same kind, in which its term and the output change places."""
    used = set("".join(terms))

    def vjp(i):
        def product(g):
            letters, factors = [output, *terms[:i], *terms[i + 1 :]], [g, *operands[:i], *operands[i + 1 :]]
            spare, target = iter(sorted(set(string.ascii_letters) - used)), ""
            for letter, n in zip(terms[i], operands[i].shape, strict=True):
                if letter in target:  # "ii": the gradient lies on the diagonal, which the unit matrix picks
                    row, letter = letter, next(spare)
                    letters.append(row + letter)
                    factors.append(np.eye(n, dtype=g.dtype))
                target += letter
            letters.append(target)
            factors.append(np.ones(operands[i].shape, g.dtype))  # spreads over the axes that only this operand has
            return unbroadcast(np.einsum(f"{','.join(letters)}->{target}", *factors, optimize=True), operands[i].shape)

        return product

    value = np.einsum(f"{','.join(terms)}->{output}", *operands, optimize=True)
    return value, *[vjp(i) for i in range(len(operands))]
