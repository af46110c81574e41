"""Operations that multiply and sum: matrix products."""

from autograd.operation import operation


@operation
def matmul(a, b):
    """a @ b for matrices (n, k) and (k, m)."""
    return a @ b, lambda g: g @ b.T, lambda g: a.T @ g
