"""Of every rule: no run, from any inputs in their balls, leaves the ball of its result."""

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograd import value_and_grad
from compare.judge.ball import RULES, Ball
from compare.judge.judging import expected, judged
from compare.judge.roundoff import Arithmetic
from compare.judge.rules import LAMBDA

DTYPES = [np.float32, np.float64]

# How a sum is added up: terms along the last axis, in the run's dtype.


def recursive(terms):
    return np.cumsum(terms, -1, dtype=terms.dtype)[..., -1]


def pairwise(terms):
    while terms.shape[-1] > 1:
        if terms.shape[-1] % 2:
            terms = np.concatenate([terms, np.zeros_like(terms[..., :1])], -1)
        terms = terms[..., ::2] + terms[..., 1::2]
    return terms[..., 0]


def blocked(terms):
    return recursive(np.stack([recursive(terms[..., k : k + 8]) for k in range(0, terms.shape[-1], 8)], -1))


def in_order(order):
    return lambda terms: recursive(np.take_along_axis(terms, order(terms), -1))


ORDERS = {
    "numpy": lambda terms: terms.sum(-1),
    "recursive": recursive,
    "reversed": lambda terms: recursive(terms[..., ::-1]),
    "pairwise": pairwise,
    "blocked": blocked,
    "ascending": in_order(lambda terms: np.argsort(abs(terms), -1)),
    "descending": in_order(lambda terms: np.argsort(-abs(terms), -1)),
    "positive first": in_order(lambda terms: np.argsort(-terms, -1)),
}
BENIGN = ["numpy", "reversed", "pairwise", "blocked"]  # in the others rounding errors conspire, see `rules.tau`


def products(a, b):
    return a[..., :, None, :] * np.swapaxes(b, -1, -2)[..., None, :, :]


def sums(terms):
    """A run in each order of the sum of what `terms` makes of the inputs along its last axis."""
    return {name: lambda *inputs, add=add: add(terms(*inputs)) for name, add in ORDERS.items()}


def running(add):
    return lambda x: np.stack([add(x[..., : k + 1]) for k in range(x.shape[-1])], -1)


# What a function is tried on. Each row: the function of NumPy's arrays and balls, its runs if they are not the function
# itself, and the inputs: (shape, kind of number).
ANY, POSITIVE, SMALL, ABOVE = "any", "positive", "small", "above -1"
WIDE = (40,)
TRIALS = {
    np.add: [(np.add, None, [ANY, ANY])],
    np.subtract: [(np.subtract, None, [ANY, ANY])],
    np.multiply: [(np.multiply, None, [ANY, ANY]), (lambda x: np.multiply(x, x), None, [ANY]),
                  (lambda x, y: x * (y > 0), None, [ANY, ANY])],
    np.square: [(np.square, None, [ANY])],
    np.divide: [(np.divide, None, [ANY, POSITIVE]), (lambda x, y: np.divide(x, -y), None, [ANY, POSITIVE])],
    np.negative: [(np.negative, None, [ANY])],
    np.positive: [(np.positive, None, [ANY])],
    np.power: [(lambda x, b=b: np.power(x, b), None, [kind])
               for kind, b in [(ANY, 2), (ANY, 3), (POSITIVE, 0.5), (POSITIVE, 0.3), (POSITIVE, -1.5), (ANY, 0),
                               (POSITIVE, -1)]]
              + [(np.power, None, [POSITIVE, SMALL])],
    np.float_power: [(lambda x: np.float_power(x, 3), lambda x: np.power(x, 3), [ANY])],
    **{function: [(function, None, [SMALL])] for function in
       (np.exp, np.exp2, np.expm1, np.sin, np.cos, np.tan, np.tanh, np.arctan, np.sinh, np.cosh)},
    **{function: [(function, None, [POSITIVE])] for function in (np.log, np.log2, np.log10, np.sqrt)},
    np.log1p: [(np.log1p, None, [ABOVE])],
    np.abs: [(np.abs, None, [ANY])],
    np.sign: [(np.sign, None, [ANY])],
    np.logaddexp: [(np.logaddexp, None, [POSITIVE, SMALL]),
                   (lambda x: np.logaddexp(x * 1e-9 - 0.6931, -0.6931), None, [SMALL])],  # it cancels
    **{function: [(function, None, [ANY, ANY]), (lambda x, function=function: function(x, 0), None, [ANY])]
       for function in (np.greater, np.greater_equal, np.less, np.less_equal, np.not_equal, np.equal)},
    **{function: [(lambda x, y, function=function: function(x > 0, y > 0.5), None, [ANY, ANY])]
       for function in (np.bitwise_and, np.bitwise_or, np.logical_and, np.logical_or)},
    **{function: [(lambda x, function=function: function(x > 0), None, [ANY])]
       for function in (np.invert, np.logical_not)},
    np.where: [(lambda x, y, z: np.where(x > 0, y, z), None, [ANY, ANY, ANY]),
               (lambda x, y: np.where(np.arange(40) % 3 == 0, x, y), None, [ANY, ANY])],
    np.maximum: [(np.maximum, None, [ANY, ANY]), (lambda x: np.maximum(x, 0), None, [ANY])],
    np.minimum: [(np.minimum, None, [ANY, ANY])],
    np.clip: [(lambda x: np.clip(x, -0.5, 1.0), None, [ANY])],
    np.sum: [(lambda x: np.sum(x, axis=-1), sums(lambda x: x), [(ANY, (5, 60))]),
             (lambda x: np.sum(x > 0), None, [ANY])],
    np.mean: [(lambda x: np.mean(x, axis=-1), {k: lambda x, add=add: add(x) / x.dtype.type(x.shape[-1])
                                              for k, add in ORDERS.items()}, [(ANY, (5, 60))])],
    np.max: [(lambda x: np.max(x, axis=-1), None, [(ANY, (5, 8))])],
    np.amax: [(lambda x: np.amax(x, axis=0), None, [(ANY, (5, 8))])],
    np.cumsum: [(lambda x: np.cumsum(x, axis=-1), {k: running(add) for k, add in ORDERS.items()}, [(ANY, (3, 20))])],
    np.matmul: [(np.matmul, sums(products) | {"blas": np.matmul}, [(ANY, (3, 50)), (ANY, (50, 4))]),
                (np.matmul, sums(products), [(ANY, (2, 3, 20)), (ANY, (2, 20, 4))])],
    np.dot: [(np.dot, sums(products), [(ANY, (3, 50)), (ANY, (50, 4))])],
    np.einsum: [(lambda a, b: np.einsum("ij,kj->ik", a, b), sums(lambda a, b: a[:, None] * b), [(ANY, (3, 50)),
                                                                                                (ANY, (4, 50))]),
                (lambda a, b, c: np.einsum("i,ij,j->", a, b, c),
                 sums(lambda a, b, c: (a[:, None] * b * c).reshape(-1)), [(ANY, (7,)), (ANY, (7, 8)), (ANY, (8,))])],
    np.reshape: [(lambda x: np.reshape(x, (8, 5)), None, [ANY])],
    np.transpose: [(np.transpose, None, [(ANY, (3, 4))])],
    np.swapaxes: [(lambda x: np.swapaxes(x, 0, 1), None, [(ANY, (3, 4))])],
    np.squeeze: [(np.squeeze, None, [(ANY, (3, 1))])],
    np.expand_dims: [(lambda x: np.expand_dims(x, 0), None, [ANY])],
    np.broadcast_to: [(lambda x: np.broadcast_to(x, (2, 40)), None, [ANY])],
    np.flip: [(np.flip, None, [ANY])],
    np.take: [(lambda x: np.take(x, [3, 3, 0]), None, [ANY])],
    np.repeat: [(lambda x: np.repeat(x, 2), None, [ANY])],
    np.tile: [(lambda x: np.tile(x, 2), None, [ANY])],
    np.pad: [(lambda x: np.pad(x, 2), None, [ANY])],
    np.ravel: [(np.ravel, None, [(ANY, (3, 4))])],
    np.concatenate: [(lambda x, y: np.concatenate([x, y]), None, [ANY, ANY])],
}  # fmt: skip
ASKED = {np.shape: (), np.ndim: (), np.size: (), np.argmax: (), np.argmin: (), np.isfinite: (), np.isnan: (),
         np.zeros_like: (), np.ones_like: (), np.result_type: ()}  # fmt: skip
CASES = [pytest.param(*trial, id=f"{f.__name__} {k}") for f, trials in TRIALS.items() for k, trial in enumerate(trials)]


def draw(random, kind, dtype, magnitude=0):
    kind, shape = kind if isinstance(kind, tuple) else (kind, WIDE)
    x = random.standard_normal(shape) * 10.0 ** random.uniform(-magnitude, magnitude, shape)
    x = {ANY: x, POSITIVE: abs(x) + 1e-6, SMALL: np.clip(x, -8, 8), ABOVE: np.maximum(x, -0.9)}[kind]
    return x.astype(dtype)


def runs(function, ways):
    return {"": function} if ways is None else ways if isinstance(ways, dict) else {"": ways}


def off_by(ball, result):
    assert np.shape(result) == ball.shape
    return abs(np.asarray(result, ball.run.longer) - ball.exact)


def test_every_function_that_has_a_rule_is_tried():
    assert set(TRIALS) | set(ASKED) == set(RULES)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("function", "ways", "kinds"), CASES)
@given(
    seed=st.integers(0, 2**32),
    magnitude=st.sampled_from([0, 1, 4]),
    radius=st.sampled_from([0.0, 1e-9, 1e-6, 1e-3, 0.3]),
    ends=st.booleans(),
)
@settings(max_examples=25)
@example(seed=0, magnitude=0, radius=0.0, ends=True)
@example(seed=1, magnitude=1, radius=1e-3, ends=True)
def test_a_run_from_anywhere_in_the_inputs_stays_in_the_worst_case(
    function, ways, kinds, dtype, seed, magnitude, radius, ends
):
    random, run = np.random.default_rng(seed), Arithmetic.of(dtype)
    inputs = [draw(random, kind, dtype, magnitude) for kind in kinds]
    given_ = []
    for x in inputs:
        worst = abs(x.astype(np.float64)) * radius * random.uniform(0.1, 1, x.shape)
        where = random.choice([-1.0, 1.0], x.shape) if ends else random.uniform(-1, 1, x.shape)
        given_.append(Ball(x.astype(run.longer) + where * worst * 0.999, worst, worst, run))
    with np.errstate(all="ignore"):
        ball = function(*given_)
        for name, way in runs(function, ways).items():
            result = way(*inputs)
            assert (~(off_by(ball, result) > ball.worst) | ~np.isfinite(result)).all(), name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("function", "ways", "kinds"), CASES)
def test_independent_errors_stay_within_the_likely_in_thousands_of_trials(function, ways, kinds, dtype):
    random, run = np.random.default_rng(1), Arithmetic.of(dtype)
    trials = 0
    with np.errstate(all="ignore"):
        while trials < 2000:
            inputs = [draw(random, kind, dtype, 1) for kind in kinds]
            sigma = [abs(x.astype(np.float64)) * run.u * random.choice([0.0, 3.0, 300.0]) for x in inputs]
            given_ = [
                Ball(x + random.uniform(-1, 1, x.shape) * 3**0.5 * s.astype(run.longer), 4 * s, LAMBDA * s, run)
                for x, s in zip(inputs, sigma, strict=True)
            ]
            ball = function(*given_)
            for name, way in runs(function, ways).items():
                if name in ("", "blas", *BENIGN):
                    assert not (off_by(ball, way(*inputs)) > ball.likely).any(), name
                    trials += max(ball.size, 4)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("function", "ways", "kinds"), CASES)
def test_from_exact_inputs_a_rule_allows_little(function, ways, kinds, dtype):
    del ways
    random, run = np.random.default_rng(2), Arithmetic.of(dtype)
    ball = function(*[Ball.given(draw(random, kind, dtype), run) for kind in kinds])
    assert (ball.worst <= 200 * run.u * (1 + abs(ball.value)) * 30).all()
    assert (ball.likely <= 40 * run.u * (10 + abs(ball.value))).all()


def test_what_one_side_settles_is_not_in_doubt_for_the_other():
    """As in the derivative of x ** 2, which asks whether the exponent is 0 and the base is not a number."""
    doubtful = Ball([0.0, 0.0], 1e-9, 1e-9, Arithmetic.of(np.float64)) > 0
    assert doubtful.worst.tolist() == [1.0, 1.0]
    settled = np.array([False, True])
    assert (doubtful & settled).worst.tolist() == (settled & doubtful).worst.tolist() == [0.0, 1.0]
    assert (doubtful | settled).worst.tolist() == (settled | doubtful).worst.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("function", ASKED)
def test_what_only_asks_gets_the_answer_of_the_values(function):
    x = np.array([[1.0, -3.0], [4.0, 2.0]])
    answer = function(Ball(x, 1e-9, 1e-9, Arithmetic.of(np.float64)))
    assert np.array_equal(answer, function(x))


@pytest.mark.parametrize(("name", "dtype"), list(product(
    ["network relu", "network tanh", "network sigmoid", "50 layers relu", "50 layers tanh", "50 layers sigmoid",
     "attention", "recurrent", "bilinear"], DTYPES,
)))  # fmt: skip
def test_whole_functions_and_their_gradients_stay_in_both(functions, name, dtype):
    for seed in range(2):
        arguments, f = functions.draw(name, seed, dtype), functions.f(name)
        names = list(arguments[0]) if isinstance(arguments[0], dict) else []
        weights = list(arguments[0].values()) if names else [a for a in arguments if a.dtype.kind == "f"]
        rest = arguments[1:] if names else [a for a in arguments if a.dtype.kind != "f"]

        def whole(*inputs, f=f, names=names, rest=rest):
            return f(dict(zip(names, inputs, strict=True)), *rest) if names else f(*inputs, *rest)

        places = tuple(range(len(weights)))
        value, gradients = value_and_grad(whole, places)(*weights)
        for found, ball in zip([value, *gradients], expected(whole, weights, places, dtype), strict=True):
            verdict = judged(name, found, ball)
            assert found.dtype == dtype
            assert verdict.bound_used <= 1
            assert verdict.probable_used <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_order_of_examples_does_not_matter(functions, dtype):
    parameters, x, labels = functions.draw_network(3, dtype, m=200)
    names, weights, f = list(parameters), list(parameters.values()), functions.network("relu")
    places = tuple(range(len(weights)))
    random = np.random.default_rng(0)

    def loss(order):
        return lambda *inputs: f(dict(zip(names, inputs, strict=True)), x[order], labels[order])

    balls = expected(loss(np.arange(200)), weights, places, dtype)
    for order in [np.arange(200)[::-1], np.argsort(labels), *[random.permutation(200) for _ in range(20)]]:
        value, gradients = value_and_grad(loss(order), places)(*weights)
        for found, ball in zip([value, *gradients], balls, strict=True):
            assert judged("", found, ball).answer == "holds"
