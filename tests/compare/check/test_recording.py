"""What the recording must not change, and must not miss: programs give what plain NumPy gives."""
# ruff: noqa: E501 (programs in a line each)

import ast
import builtins
import contextlib
import copy
import json
import math
import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Tensor
from compare.check.recording.array import RecordedArray
from compare.check.recording.graph import at_each_node
from compare.check.recording.number import RecordedNumber
from compare.check.recording.session import session
from compare.check.recording.source import HELPERS, rewritten
from compare.check.steps.recorder import Recorder
from compare.check.understanding.replay import replayed

FILE = "<the learner's>"
START = "import copy, json, math, pickle, random\nimport numpy as np\nx = np.arange(6.0).reshape(2, 3)\n"


def record(source, given_names=None):
    """The recorder, and the names that a program leaves when it is recorded."""
    names = dict(given_names or {})
    with pytest.MonkeyPatch.context() as patch:
        for helper in HELPERS.items():
            patch.setattr(builtins, *helper, raising=False)
        recorder = Recorder(own=FILE.__eq__)
        code = compile(rewritten(ast.parse(source)), FILE, "exec")
        with recorder, np.errstate(all="ignore"):
            exec(code, names)
    return recorder, names


def recomputed(node):
    """What a node's function makes of its arguments' values."""
    arguments, options = (at_each_node(lambda n: n.value, part) for part in (node.arguments, node.options))
    with np.errstate(all="ignore"):
        return np.asarray(node.function(*arguments, **options))


def every_node_is_what_its_function_gives(recorder):
    for node in recorder.graph.nodes:
        if node.function is not None:
            assert node.value.shape == node.shape, node
            np.testing.assert_array_equal(node.value, recomputed(node), err_msg=repr(node))


def gives_what_plain_numpy_gives(statements):
    """Run a program both ways; compare all arrays and numbers that it leaves, and their nodes."""
    source, plain = START + statements, {}
    with np.errstate(all="ignore"):
        exec(compile(source, FILE, "exec"), plain)
    recorder, recorded = record(source)
    for name, value in plain.items():
        if isinstance(value, np.ndarray | np.generic):
            assert recorded[name].dtype == value.dtype, name
            assert recorded[name].shape == value.shape, name
            np.testing.assert_array_equal(np.asarray(recorded[name]), value, err_msg=name)
            if isinstance(recorded[name], RecordedArray):
                np.testing.assert_array_equal(session.nodes.of(recorded[name]).value, value, err_msg=name)
        elif isinstance(value, int | float | str | list | dict | tuple | bool):
            assert repr(recorded[name]) == repr(value), name
    every_node_is_what_its_function_gives(recorder)
    return recorder, recorded


def depends(node, on):
    return node is on or any(depends(parent, on) for parent in node.parents)


IN_PLACE = {
    "operators": "x += 1; x -= x * 0.5; x *= 3; x /= 2; x **= 2; x //= 2; x %= 3",
    "matrix product": "w = np.eye(3) * 2; x @= w",
    "an entry": "y = x * 2; x[1, 2] = y[0, 1]; x[0] += y[1]",
    "a mask": "y = x * 2; y[y > 3] = 1.5; y[x < 1] *= 7",
    "an index twice": "y = x * 2; y[[0, 0]] = y[[1, 0]] + np.array([[1.0], [5.0]])",
    "added at an index twice": "y = x * 2; np.add.at(y, [0, 0, 1], y[[1, 1, 0]])",
    "another ufunc at": "y = x * 2; np.subtract.at(y, 1, 3.0); np.maximum.at(y, (0, [1, 1]), [7.0, 3.0])",
    "out": "y = np.empty((2, 3)); z = np.exp(x, out=y); np.multiply(y, x, y); w = np.add(x, y[0], out=y[1:] * 1 + x)",
    "out of a function": "y = np.empty(3); np.sum(x, 0, out=y); z = np.empty((2, 2)); np.dot(x, x.T, out=z)",
    "out of a shorter dtype": "y = np.ones((2, 3), np.float32); np.add(x, 0.1, out=y); y += x",
    "out where": "y = x * 0 + 7; np.divide(1.0, x, out=y, where=x > 1)",
    "methods": "x.fill(3.0); x[0] = [3, 1, 2]; x.sort(); x.put([1], 8.0); x.clip(0, 2, out=x)",
    "functions": "y = x * 1; np.copyto(y, 7.0); np.put(y, [0], 2.0); np.fill_diagonal(y, x[1, 1]); np.place(y, y > 6, [9.0, 8.0])",
    "flat": "y = x * 1; y.flat[3] = 50.0; y.T.flat[1] = 60.0; z = x * 1; z.flat = 5.0; t = x.T * 1; t.flat = [1.0, 2.0]",
    "its own view": "y = x * 1; y[1:] = y[:1]; y[:, ::-1][0] += y[0]",
}  # fmt: skip


@pytest.mark.parametrize("how", IN_PLACE)
def test_what_is_written_in_place_is_what_numpy_writes_and_has_its_history(how):
    gives_what_plain_numpy_gives(IN_PLACE[how])


VIEWS = {
    "rows": "v = b[1]",
    "columns": "v = b[:, 1]",
    "every other, backwards": "v = b[::-1, ::2]",
    "a transpose": "v = b.T",
    "a part of a part": "v = b.T[1:][:, :1]",
    "another shape": "v = b.reshape(-1)",
    "raveled": "v = b.ravel()",
    "with one axis more": "v = b[:, None]",
    "split off": "_, v = np.split(b, [1])",
    "the diagonal's neighbours": "v = b[:1, 1:].T",
    "axes swapped": "v = b.swapaxes(0, 1)[::2]",
    "squeezed": "v = b[:, None].squeeze()",
}
BASES = {"rows": "b = x * 1", "columns": "b = (x.T * 1).T", "Fortran": "b = np.asfortranarray(x * 1)",
         "part": "b = np.zeros((4, 6))[1:3, ::2]; b += x", "made": "b = np.ones((2, 3))"}  # fmt: skip


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("view", VIEWS)
def test_what_is_written_through_a_view_is_seen_by_its_base_and_by_other_views(view, base):
    program = (
        f"{BASES[base]}; other = b[:, 1:]; {VIEWS[view]}; v *= 3; v[0] = 11.0; v += v * 2; c = b + 1; d = other * 2"
    )
    _recorder, names = gives_what_plain_numpy_gives(program)
    assert depends(session.nodes.of(names["c"]), session.nodes.of(names["v"])) or not np.shares_memory(
        names["b"], names["v"]
    )


def test_a_view_sees_what_was_written_into_its_base_after_it_was_taken():
    _recorder, names = gives_what_plain_numpy_gives("b = x * 1; v = b.T[0]; s = x.sum(); b[1] = s; w = v * 2")
    assert depends(session.nodes.of(names["w"]), session.nodes.of(names["s"]))


def test_an_array_whose_shape_is_set_goes_on_in_that_shape():
    gives_what_plain_numpy_gives("z = x * 1; t = z.T; z.shape = (3, 2); z[0] = 5.0; y = z + np.ones((3, 2)); u = t * 2")


NUMBERS = {
    "in-place operators change no other name": "s = x.sum(); t = s; t += 1; u = s; u *= 2; v = s; v //= 2; w = s; w %= 4",
    "nor for truth": "s = (x > 1).any(); t = s; t &= False; u = s; u ^= True",
    "nor for copies": "s = x.sum(); t = s.copy(); u = t; t += 1; v = copy.deepcopy(s); w = v; v += 1",
    "hash": "s = x.sum(); d = {15.0: 'found'}[s]; e = {x.argmax(): 1}[5]; f = len({x[0, 1], x[0, 1] * 1})",
    "round": "s = x.mean(); r = [round(s), round(s, 1)]; t = np.round(s, 1)",
    "format": "s = x.mean(); r = [f'{s:.3f}', '%.2f %d' % (s, x.argmax()), '{:5}'.format(s), str(s), repr(s), repr(x)]",
    "float": "s = x.sum(); r = [float(s), int(s), bool(s)]",
    "an index": "r = [[5, 6, 7, 8, 9, 10][x.argmax()], list(range(x.argmax())), x[1][x[0].argmax()].item()]",
    "comparison": "s = x.mean(); r = [bool(s > 2), bool(s == 2.5), 'yes' if s < 3 else 'no']; c = 3.0 in x, 9.0 in x",
    "dtypes": "s = x.astype(np.float32).sum() * 2; t = x.astype(np.float32) * x.astype(np.float32).max() + 1",
    "isinstance": "s = x.sum(); r = [isinstance(s, kind) for kind in (float, np.floating, (int, float), np.ndarray, int)]",
    "type": "r = [type(x) is np.ndarray, type(x.sum()) is np.float64, np.isscalar(x.sum()), np.isscalar(x)]",
    "JSON": "r = json.dumps({'loss': x.mean(), 'all': x.tolist(), 'first': float(x[0, 1])})",
    "iteration": "r = [float(e) for row in x for e in row]; s = sum(row.sum() for row in x); m = max(x[1]); z = x[0] * 0\nfor e in x: z += e",
    "enumeration": "r = [(i, float(e)) for i, e in np.ndenumerate(x)]",
    "pickles": "y = pickle.loads(pickle.dumps(x)); s = pickle.loads(pickle.dumps(x.sum())); n = pickle.loads(pickle.dumps(float(x.sum())))",
    "copies": "y = copy.deepcopy({'W': [x]})['W'][0]; z = copy.copy(x); x += 1; n = copy.deepcopy([x.sum().item()])",
}  # fmt: skip


@pytest.mark.parametrize("what", NUMBERS)
def test_a_number_or_an_array_behaves_as_numpys_own(what):
    gives_what_plain_numpy_gives(NUMBERS[what])


FUNCTIONS = [
    "np.linalg.svd(x)[1]", "np.linalg.eigh(x @ x.T)[0]", "np.unique(x, return_inverse=True)[1]", "np.add.outer(x[0], x[1])",
    "np.add.reduceat(x[0], [0, 1])", "np.maximum.accumulate(x)", "np.add.accumulate(x, axis=1)", "np.where(x > 2, x, 0)",
    "np.where(x > 2)[1]", "x[np.arange(2), x.argmax(axis=1)]", "np.pad(x, 1)", "np.cov(x)", "np.linalg.norm(x)",
    "np.mean(x, axis=0, keepdims=True)", "x.std(ddof=1)", "np.add.reduce(x)", "np.add.reduce(x, axis=1, keepdims=True)",
    "np.logical_or.reduce(x > 4, axis=0)", "np.einsum('ij,kj->ik', x, x)", "np.apply_along_axis(lambda r: r.sum(), 1, x)",
    "np.array(object=[x, x * 2])", "np.array(x, ndmin=3)", "np.array([[x.sum(), x[0, 1]], [x.max(), 3.0]])",
    "np.asarray([list(row) for row in x])", "np.array([x[0], x[1] * 2], dtype=np.float32)", "np.vstack([x, x[:1]])",
    "np.array(list(map(lambda row: row.sum(), x)))", "np.array(x, dtype=int)", "(x * 255).astype(np.uint8)", "2.0 ** x",
    "np.concatenate((x, x), axis=1)", "x.reshape(3, -1, order='F')", "x.transpose(1, 0).copy()", "np.array([x, x[0]], dtype=object)[1]",
]  # fmt: skip


@pytest.mark.parametrize("expression", FUNCTIONS)
def test_a_function_gives_what_it_gives_without_a_recording(expression):
    gives_what_plain_numpy_gives(f"y = {expression}")


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("i = np.arange(3); i += 0.5", TypeError),
        ("b = np.zeros(3); b += x", ValueError),
        ("b = np.zeros((1, 3)); b -= x", ValueError),
        ("x[5]", IndexError),
        ("x @ x", ValueError),
        ("len(x.sum())", TypeError),
        ("bool(x > 1)", ValueError),
        ("json.dumps(x)", TypeError),
    ],
)
def test_what_fails_in_numpy_fails_in_a_recording(statement, error):
    for run in (lambda source: exec(source, {}), record):
        with pytest.raises(error):
            run(START + statement)


UNARY = ["np.exp(-abs({a}))", "{a}.T", "np.maximum({a}, 0.5)", "{a} * 2", "-{a}", "{a} / (1 + {a} ** 2)", "{a}[::-1]",
         "np.tanh({a})", "{a} - {a}.max(axis=1, keepdims=True)", "{a} / {a}.shape[0]", "{a}.copy()", "np.where({a} > 0, {a}, 1)",
         "{a}.mean() + {a}", "{a} * ({a} > 0)", "{a}.reshape(-1).reshape({a}.shape)", "float({a}.sum()) * {a}"]  # fmt: skip
BINARY = ["{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} @ {b}", "{a}.dot({b})", "np.array([{a}, {b}])[1]", "np.maximum({a}, {b})",
          "np.vstack([{a}[:1], {b}[1:]])"]  # fmt: skip
CHANGES = ["{a} += {b}", "{a} *= 0.5", "{a}[0] = {b}[1]", "{a}[:, 1:] -= {b}[:, :-1]", "{a}.T[1] = {b}[2]", "{a}[{b} > 1] = 0.25",
           "np.add.at({a}, [0, 0], {b}[1])", "np.minimum({a}, {b}, out={a})", "{a}[[0, 2]] = {b}[[1, 1]]"]  # fmt: skip


@st.composite
def programs(draw, kinds=(UNARY, BINARY, CHANGES)):
    """Statements on 3 x 3 arrays: new ones made of old ones, views among them, and old ones changed."""
    lines, names = (
        ["a = (x[:, :2] + 1).dot(x[:, :3]) / 9 - 1" if len(kinds) < 3 else "a = np.eye(3) - 0.4", "b = a * 0.5 + 1"],
        ["a", "b"],
    )
    for k in range(draw(st.integers(5, 10))):
        form = draw(st.sampled_from(draw(st.sampled_from(kinds))))
        statement = form.format(a=draw(st.sampled_from(names)), b=draw(st.sampled_from(names)))
        if form in CHANGES:
            lines.append(statement)
        else:
            names.append(f"v{k}")
            lines.append(f"v{k} = {statement}")
    return "\n".join(lines)


@settings(max_examples=60)
@given(programs())
def test_any_program_gives_what_plain_numpy_gives(program):
    gives_what_plain_numpy_gives(program)


@settings(max_examples=60)
@given(programs(), st.integers(1, 40), st.integers(1, 40))
def test_a_program_gives_what_plain_numpy_gives_while_recording_pauses_and_begins_again(program, recorded, idle):
    source = START + program
    plain, names, operations = {}, {}, [0]
    recorder = Recorder(own=FILE.__eq__)

    def goes_on(*_):
        operations[0] += 1
        if operations[0] % idle:
            return True
        recorder.begin_graph(recorder.graph.count)
        recorder.graph.watch = pause
        return False

    def pause(node):
        if node.number > recorder.graph.after + recorded:
            session.pause(goes_on)

    with np.errstate(all="ignore"):
        exec(compile(source, FILE, "exec"), plain)
        with recorder:
            recorder.graph.watch = pause
            exec(compile(rewritten(ast.parse(source)), FILE, "exec"), {**HELPERS, "__builtins__": builtins}, names)
    for name, value in plain.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(np.asarray(names[name]), value, err_msg=name)


REPLAYED = [form for form in UNARY if "float" not in form]


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from([*REPLAYED, *BINARY, *CHANGES]), min_size=3, max_size=7), st.randoms(use_true_random=False)
)
def test_a_recorded_calculation_gives_the_same_on_tensors(forms, choose):
    lines, names = (
        ["p = np.array([[0.3, -0.8, 0.5], [1.2, 0.1, -0.4], [0.7, 0.9, -1.1]])", "a = p * 1", "b = a - 0.3"],
        ["a", "b"],
    )
    for k, form in enumerate(forms):
        statement = form.format(a=choose.choice(names), b=choose.choice(names))
        if form in CHANGES:
            lines.append(statement)
        else:
            names.append(f"v{k}")
            lines.append(f"v{k} = {statement}")
    recorder, recorded = record("import numpy as np\n" + "\n".join(lines))
    leaf, newest = session.nodes.of(recorded["p"]), {name: session.nodes.of(recorded[name]) for name in names}
    with np.errstate(all="ignore"):
        values = replayed(recorder.graph.nodes, {leaf: Tensor(leaf.value, requires_grad=True)})
    for name in names:
        node = newest[name]
        value = values[node].numpy() if isinstance(values[node], Tensor) else values[node]
        np.testing.assert_allclose(value, node.value, rtol=1e-12, atol=1e-14, err_msg=name)


def test_a_product_of_a_plain_array_with_a_recorded_one_by_its_method_is_followed():
    X = np.arange(4.0).reshape(2, 2)
    _recorder, names = record("import numpy as np\nW = np.ones((2, 2))\ny = X.dot(W)\nz = W.dot(X)\nn = 2\n", {"X": X})
    for name in "yz":
        assert session.nodes.of(names[name]).function is np.dot
        assert depends(session.nodes.of(names[name]), session.nodes.of(names["W"]))
    assert {session.nodes.of(names["y"]).place.line, session.nodes.of(names["z"]).place.line} == {3, 4}


def test_a_plain_array_that_changes_between_two_uses_is_two_leaves():
    X = np.ones(2)
    _recorder, names = record("import numpy as np\nw = np.ones(2)\na = w * X\nX[0] = 5\nb = w * X\n", {"X": X})
    np.testing.assert_array_equal(recomputed(session.nodes.of(names["a"])), [1, 1])
    np.testing.assert_array_equal(recomputed(session.nodes.of(names["b"])), [5, 1])


@pytest.mark.parametrize(
    "expression",
    ["math.exp(s)", "math.log(s)", "math.sqrt(s) * 2", "math.pow(s, 2)", "float(s)", "float(s) + 1", "1 / (1 + math.exp(-s))",
     "x.tolist()[1][0] * 3", "s.item() ** 2", "abs(-s.item())", "sum(x.tolist()[0])", "np.exp(float(s))"],
)  # fmt: skip
def test_a_history_goes_on_through_pythons_own_numbers(expression):
    source, plain = START + f"s = x[1].sum()\ny = {expression}\n", {}
    exec(source, plain)
    _recorder, names = record(source)
    y = names["y"]
    node = y.node if isinstance(y, RecordedNumber) else session.nodes.of(y)
    assert float(y) == pytest.approx(float(plain["y"]), rel=1e-15)
    assert float(node.value) == pytest.approx(float(plain["y"]), rel=1e-15)
    assert depends(node, session.nodes.of(names["x"]))


def test_math_on_plain_numbers_stays_as_it_is():
    _, names = record("import math\ny = math.exp(1.5)\n")
    assert type(names["y"]) is float


def test_a_vectorized_function_is_one_node_and_knows_its_derivative():
    _recorder, names = gives_what_plain_numpy_gives("f = np.vectorize(lambda e: e * e + 1)\ny = f(x)\nz = f([1, 2])")
    node, leaf = session.nodes.of(names["y"]), session.nodes.of(names["x"])
    assert next(node.parents) is leaf
    tensor = Tensor(leaf.value, requires_grad=True)
    replayed([leaf, node], {leaf: tensor})[node].sum().backward()
    np.testing.assert_allclose(tensor.grad, 2 * leaf.value, atol=1e-6)


DRAWS = {
    "the module": "np.random.seed(3); a = np.random.randn(4, 2); b = np.random.rand(); c = np.random.choice(5, 3, replace=False); d = np.random.randint(9, size=3)",
    "a RandomState": "r = np.random.RandomState(3); a = r.randn(4, 2); b = r.uniform(-1, 1, (2, 2)); c = r.permutation(6); d = r.choice(9, 4)",
    "a Generator": "r = np.random.default_rng(3); a = r.standard_normal((4, 2)); b = r.random(3); c = r.permutation(6); d = r.integers(9, size=3)",
    "a Generator by name": "r = np.random.default_rng(seed=3); a = r.normal(0, 1, size=(4, 2)); b = r.permuted(np.arange(5.0))",
    "shuffled rows": "np.random.seed(3); np.random.shuffle(x); y = np.arange(12.0).reshape(4, 3) * 2; np.random.shuffle(y)",
    "rows that a RandomState shuffles": "r = np.random.RandomState(3); r.shuffle(x); y = x * 2; r.shuffle(y); z = np.arange(7); r.shuffle(z)",
    "rows that a Generator shuffles": "r = np.random.default_rng(3); r.shuffle(x); y = x * 2; r.shuffle(y); r.shuffle(y, axis=1); z = r.random()",
    "a class and its global one": "np.random.seed(3); b = isinstance(np.random.mtrand._rand, np.random.RandomState); a = np.random.rand(2); c = isinstance(np.random.RandomState(3), np.random.RandomState)",
    "a list of pairs": "random.seed(3); p = [(i, 2 * i) for i in range(9)]; random.shuffle(p); np.random.seed(1); np.random.shuffle(p)",
    "an array that Python shuffles": "random.seed(3); y = np.arange(9.0); random.shuffle(y); z = y * 2; random.shuffle(z)",
    "a permutation of rows": "np.random.seed(3); y = x[np.random.permutation(len(x))]; z = np.random.permutation(x)",
}  # fmt: skip


@pytest.mark.parametrize("what", DRAWS)
def test_random_numbers_are_those_of_plain_numpy_with_the_same_seed(what):
    state, pythons = np.random.get_state(), random.getstate()
    try:
        _, names = gives_what_plain_numpy_gives(DRAWS[what])
    finally:
        np.random.set_state(state)
        random.setstate(pythons)
    assert type(names.get("a", names["x"])) is RecordedArray


def test_a_shuffle_or_a_permutation_records_nothing_of_numpys_own_doings():
    recorder, _ = record(
        "import numpy as np\nx = np.zeros((50, 3))\nnp.random.shuffle(x)\nnp.random.RandomState(0).shuffle(x)\n"
        "np.random.default_rng(0).shuffle(x)\norder = np.random.permutation(50)\n"
    )
    assert [node.made_by for node in recorder.graph.nodes] == ["zeros"]
    recorder, _ = record("import numpy as np\nx = np.zeros((50, 3)) + 1\nnp.random.shuffle(x)\n")
    assert len(recorder.graph.nodes) < 8


def test_what_a_learner_fills_before_any_use_is_one_leaf():
    recorder, _ = record("import numpy as np\nY = np.zeros((9, 3))\nfor i in range(9):\n    Y[i, i % 3] = 1\n")
    assert len(recorder.graph.nodes) == 1
    assert recorder.graph.nodes[0].value.sum() == 9


def test_a_node_stands_at_the_learners_line_and_the_one_that_called_it():
    _, names = record("import numpy as np\ndef f(a):\n    return np.mean(a)\ny = f(np.ones(3))\n")
    place = session.nodes.of(names["y"]).place
    assert (place.line, place.function, place.caller.line) == (3, "f", 4)


def test_only_the_learners_files_get_arrays_that_remember():
    with Recorder(own=FILE.__eq__):
        assert type(np.zeros(3)) is np.ndarray
        assert type(np.random.RandomState(0).randn(3)) is np.ndarray
        assert type(np.array([1.0])) is np.ndarray


PATCHED = [np, np.random, math, random, json.JSONEncoder]


@pytest.mark.parametrize(
    "statement", ["x = np.zeros(3) + 1", "raise KeyError", "np.zeros(3) @ np.zeros(4)", "raise SystemExit"]
)
def test_numpy_is_as_it_was_afterwards(statement):
    before = [dict(vars(holder)) for holder in PATCHED]
    with contextlib.suppress(KeyError, ValueError, SystemExit):
        record(f"import numpy as np\n{statement}\n")
    assert [dict(vars(holder)) for holder in PATCHED] == before
    assert type(np.zeros(3)) is np.ndarray


def test_what_was_recorded_can_still_be_copied_afterwards():
    _, names = record("import numpy as np\nx = np.ones(3) * 2\n")
    again = pickle.loads(pickle.dumps(names["x"]))
    assert type(again) is np.ndarray
    np.testing.assert_array_equal(again, [2, 2, 2])
    np.testing.assert_array_equal(copy.deepcopy(names["x"]), [2, 2, 2])
