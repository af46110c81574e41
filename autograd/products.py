"""Operations that multiply and sum: matrix products, and products written with indices."""

import string

import numpy as np

from autograd.operation import operation, unbroadcast
from autograd.tape import VJP


@operation
def matmul(a, b, /):
    """a @ b: (..., n, k) @ (..., k, m) -> (..., n, m), where ... broadcasts.

    A vector is a row on the left and a column on the right, and leaves no axis in the product. Raises ValueError for
    numbers without an axis, or where the k differ.
    """
    product = a @ b
    row, column = a.ndim == 1, b.ndim == 1
    A, B = (a[None, :] if row else a), (b[:, None] if column else b)

    def matrices(g: np.ndarray) -> np.ndarray:
        g = g[..., None] if column else g
        return g[..., None, :] if row else g

    def vjp_a(g):
        gradient = unbroadcast(matrices(g) @ B.mT, A.shape)
        return gradient[0] if row else gradient

    def vjp_b(g):
        gradient = unbroadcast(A.mT @ matrices(g), B.shape)
        return gradient[:, 0] if column else gradient

    return product, vjp_a, vjp_b


@operation
def einsum(subscripts, /, *operands):
    """The product that `subscripts` spells, as "ij,jk->ik" does a matrix product: a letter an axis, see np.einsum.

    The gradient of an operand is a product of the same kind, in which its term and the output change places. Raises
    ValueError where the subscripts do not fit the operands, have an ellipsis or no "->".
    """
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    if not arrow or "." in inputs:
        raise ValueError(f"Write out every axis and the output, as in 'bij,bjk->bik', instead of {subscripts!r}.")
    terms = inputs.split(",")

    def vjp(i: int) -> VJP:
        def product(g: np.ndarray) -> np.ndarray:
            letters, factors = [output, *terms[:i], *terms[i + 1 :]], [g, *operands[:i], *operands[i + 1 :]]
            spare, target = iter(sorted(set(string.ascii_letters) - set(inputs))), ""
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

    value = np.einsum(f"{inputs}->{output}", *operands, optimize=True)
    return value, None, *[vjp(i) for i in range(len(operands))]
