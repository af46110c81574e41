"""No gradient is lost in silence: where a history would end, be copied or be halved, there is an error in words."""

import ast
import copy
import graphlib
import importlib
import inspect
import math
import pickle
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import SGD, Adam, Tensor, grad, no_grad, operation

ENGINE = Path(autograd.__file__).parent
MODULES = ("elementwise", "reductions", "shaping", "products", "losses")


def leaf(*values, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


def run(program, *arguments, **options):
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, **options)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


def pickled(protocol):
    return lambda thing: pickle.loads(pickle.dumps(thing, protocol))


COPIES = [copy.copy, copy.deepcopy, *map(pickled, range(pickle.HIGHEST_PROTOCOL + 1))]
COPY_NAMES = ["copy", "deepcopy", *(f"pickle {n}" for n in range(pickle.HIGHEST_PROTOCOL + 1))]


class TestCopies:
    def test_a_pickled_leaf_that_another_process_loads_is_a_leaf_there(self, tmp_path):
        [leaf(0.0) for _ in range(1000)]  # so that in this process the leaf is younger than anything in the other
        w, file = leaf(1.0, 2.0, dtype=np.float32), tmp_path / "leaf"
        w.sum().backward()
        file.write_bytes(pickle.dumps({"w": w, "again": w}))
        printed = run(
            "import pickle, sys, numpy as np\n"
            "from autograd import Tensor\n"
            "older = Tensor(np.ones(2, np.float32), requires_grad=True) * 2\n"
            "both = pickle.load(open(sys.argv[1], 'rb'))\n"
            "w = both['w']\n"
            "(w * w * older).sum().backward()\n"
            "print(w, w.grad, both['again'] is w)",
            str(file),
        )
        assert printed == "Tensor([1., 2.], dtype=float32, requires_grad=True) [5. 9.] True\n"

    @pytest.mark.parametrize("make", COPIES, ids=COPY_NAMES)
    @pytest.mark.parametrize("has_grad", [False, True])
    def test_of_leaves_are_leaves_of_their_own_with_the_same_gradient(self, make, has_grad):
        for x in (leaf(1.0, 2.0), leaf(1.0, dtype=np.float32), Tensor(3.0, requires_grad=True)):
            if has_grad:
                x.grad = np.full(x.shape, 5.0, x.dtype)
            y = make(x)
            assert (y.requires_grad, y.dtype, y.shape, y.node.is_leaf) == (True, x.dtype, x.shape, True)
            np.testing.assert_array_equal(y.data, x.data)
            before = 5.0 if has_grad else 0.0
            assert (y.grad is None) != has_grad
            (y * y).sum().backward()
            np.testing.assert_array_equal(y.grad, before + 2 * x.data)
            if has_grad:
                np.testing.assert_array_equal(x.grad, np.full(x.shape, 5.0))
            else:
                assert x.grad is None

    @pytest.mark.parametrize("make", COPIES, ids=COPY_NAMES)
    def test_of_constants_are_constants(self, make):
        for x in (Tensor([1.0, 2.0]), Tensor(np.arange(3)), Tensor(1.0), leaf(1.0).detach()):
            y = make(x)
            assert (type(y), y.requires_grad, y.dtype) == (Tensor, False, x.dtype)
            np.testing.assert_array_equal(y.data, x.data)

    def test_a_deep_copy_shares_no_memory_and_a_shallow_one_shares_the_array(self):
        x = leaf(1.0, 2.0)
        assert not np.shares_memory(copy.deepcopy(x).data, x.data)
        assert copy.copy(x).data is x.data

    def test_an_optimizer_is_copied_with_its_leaves_and_goes_on_as_the_one_it_was(self):
        for optimizer in (Adam, lambda p: SGD(p, 0.1, momentum=0.9)):
            trainings = [optimizer([leaf(1.0, 2.0)])]
            for step in range(6):
                for training in trainings:
                    (w,) = training.parameters
                    training.zero_grad()
                    (w * w * w).sum().backward()
                    training.step()
                if step == 2:
                    trainings += [copy.deepcopy(trainings[0]), pickle.loads(pickle.dumps(trainings[0]))]
            first, *others = (training.parameters[0].data.tolist() for training in trainings)
            assert others == [first, first]

    @pytest.mark.parametrize("make", [copy.deepcopy, pickled(pickle.DEFAULT_PROTOCOL)], ids=["deepcopy", "pickle"])
    def test_a_network_is_copied_whole_and_learns_as_the_one_it_was(self, make):
        random = np.random.default_rng(0)
        sizes = (5, 4, 3, 2)
        start = {f"W{k}": random.standard_normal((sizes[k - 1], sizes[k])) for k in (1, 2, 3)}
        net = autograd.Network(start | {f"b{k}": random.standard_normal(sizes[k]) for k in (1, 2, 3)})
        other, x, labels = make(net), random.random((6, 5)), np.arange(6) % 2
        assert [other.step(x, labels, 0.1) for _ in range(3)] == [net.step(x, labels, 0.1) for _ in range(3)]

    @pytest.mark.parametrize("make", COPIES, ids=COPY_NAMES)
    def test_of_inner_tensors_are_refused_in_words_also_within_something_else(self, make):
        x = leaf(1.0, 2.0)
        for inner in (x * 2, x.sum(), x.T):
            with pytest.raises(TypeError, match=r"detach\(\).*leaves"):
                make(inner)
        if make is not copy.copy:
            with pytest.raises(TypeError, match=r"detach\(\)"):
                make({"w": x, "loss": [x.sum()]})

    @pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, pickled(2)], ids=["copy", "deepcopy", "pickle"])
    def test_within_grad_a_copy_never_makes_a_constant_of_a_variable(self, make):
        try:
            g = grad(lambda x: (make(x) ** 2).sum())([1.0, 2.0])
        except TypeError:
            return
        assert g.tolist() == [2, 4]

    def test_the_operation_of_that_name_copies_with_the_history(self):
        x = leaf(1.0, 2.0)
        y = x.copy()
        assert not np.shares_memory(y.data, x.data)
        (y * y).sum().backward()
        assert x.grad.tolist() == [2, 4]


class TestATensorOfATensor:
    def test_is_refused_where_there_is_a_history(self):
        x = leaf(1.0, 2.0)
        for t in (x, x * 2):
            for requires_grad in (False, True):
                with pytest.raises(TypeError, match=r"detach\(\)"):
                    Tensor(t, requires_grad)
        with pytest.raises(TypeError):
            Tensor([x[0], x[1]])

    def test_shares_the_array_of_a_constant(self):
        c = Tensor([1.0, 2.0])
        assert Tensor(c).data is c.data
        assert Tensor(c, requires_grad=True).requires_grad


class TestReplacingData:
    @pytest.mark.parametrize(
        "data", [np.ones(2), np.ones(3, np.float32), np.ones((2, 1), np.float32), np.float32(1), [1, 2], [1.0, 2.0]]
    )
    def test_by_another_dtype_or_shape_is_refused_and_changes_nothing(self, data):
        p = leaf(1.0, 2.0, dtype=np.float32)
        for tensor in (p, p * 1):
            with pytest.raises(ValueError, match=r"float32 \(2,\).*new leaf"):
                tensor.data = data
            assert (tensor.data.tolist(), tensor.dtype, tensor.shape) == ([1, 2], np.float32, (2,))
        with pytest.raises(ValueError, match="new leaf"):
            p.data = p.data.astype(float)
        p.sum().backward()
        assert p.grad.dtype == np.float32

    def test_by_one_that_fits_or_in_place_is_followed(self):
        p = leaf(1.0, 2.0)
        p.data = np.array([3.0, 4.0])
        p.data -= 1
        p.data *= 2
        p.data[0] += 1
        assert p.data.tolist() == [5, 6]
        (p * p).sum().backward()
        assert p.grad.tolist() == [10, 12]

    def test_in_place_by_a_number_of_another_dtype_keeps_the_dtype(self):
        p = leaf(1.0, 2.0, dtype=np.float32)
        p.data -= 0.5 * np.float64(1)
        assert (p.data.tolist(), p.dtype) == ([0.5, 1.5], np.float32)

    def test_of_a_constant_is_free(self):
        c = Tensor([1.0, 2.0])
        c.data = [1, 2, 3]
        assert (c.data.tolist(), c.shape, c.dtype.kind) == ([1, 2, 3], (3,), "i")


def points_to_item(error):
    while error is not None and ".item()" not in str(error):
        error = error.__cause__ or error.__context__
    return error is not None


class TestWherePlainNumbersAreAskedFor:
    @pytest.mark.parametrize(
        "statement", ["b[0] = t[0]", "b[1] = t.sum()", "b[0] += t[0]", "b[0, 1] = t[0]", "b.fill(t[0])"]
    )
    def test_an_entry_of_an_array_does_not_swallow_a_history(self, statement):
        b = np.zeros((2, 2)) if "0, 1" in statement else np.zeros(2)
        with pytest.raises((TypeError, ValueError)) as raised:
            exec(statement, {"b": b, "t": leaf(1.0, 2.0)})
        assert points_to_item(raised.value)
        assert not b.any()

    @pytest.mark.parametrize(
        "statement", ["b[:] = t", "b[[0, 1]] = t", "b[b == 0] = t", "b[...] = t[0]", "b[:1] = t[0]"]
    )
    def test_nor_do_several(self, statement):
        b = np.zeros(2)
        with pytest.raises(TypeError, match=r"end the gradient.*x\.(numpy|item)\(\)"):
            exec(statement, {"b": b, "t": leaf(1.0, 2.0)})
        assert not b.any()

    @pytest.mark.parametrize(
        "function",
        [float, complex, math.exp, math.sqrt, math.floor, math.isnan, "%.2f".__mod__, lambda t: math.hypot(1, t)],
    )
    @pytest.mark.parametrize("inner", [False, True])
    def test_a_number_of_python_is_not_made_of_a_tensor_with_a_history(self, function, inner):
        t = leaf(2.0)[0] * 1 if inner else Tensor(2.0, requires_grad=True)
        with pytest.raises(TypeError, match=r"x\.item\(\)"):
            function(t)
        function(t.item())

    def test_nor_is_an_integer(self):
        for function in (int, math.trunc, range, [1, 2, 3].__getitem__):
            with pytest.raises(TypeError):
                function(Tensor(2.0, requires_grad=True))

    def test_within_grad_it_is_the_same(self):
        for function in (float, math.exp, np.asarray):
            with pytest.raises(TypeError, match=r"x\.(item|numpy)\(\)"):
                grad(lambda x, function=function: function(x) * x)(2.0)

    def test_constants_are_numbers(self):
        t, b = Tensor([2.0]), np.zeros(2)
        b[0] = Tensor(3.0)
        b[1:] = t
        assert (float(t), math.sqrt(Tensor(4.0)), complex(t), b.tolist()) == (2, 2, 2, [3, 2])


class TestAnInputWithoutAVjp:
    def test_of_ones_own_operation_is_an_error_where_it_requires_a_gradient(self):
        @operation
        def one_too_few(a, b, /):
            return a * b, lambda g: g * b

        @operation
        def none(a, b, /):
            return a * b, lambda g: g * b, None

        x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
        for product in (one_too_few, none):
            for a in (x, 2.0):
                with pytest.raises(TypeError, match=rf"{product.__name__} has no gradient for input 2"):
                    product(a, y)
            for constant in (y.numpy(), y.detach(), 3.0, [3.0, 4.0]):
                x.zero_grad()
                product(x, constant).sum().backward()
                np.testing.assert_array_equal(x.grad, constant * np.ones(2))
            with no_grad():
                assert product(x, y).data.tolist() == [3, 8]
            with pytest.raises(TypeError, match="has no gradient for input 2"):
                grad(lambda y, product=product: product(x, y).sum())([3.0, 4.0])

    @pytest.mark.parametrize(
        "call",
        [
            lambda x, t: autograd.clip(x, t),
            lambda x, t: autograd.clip(x, 0.0, t),
            lambda x, t: autograd.clip(x, a_min=t),
            lambda x, t: autograd.clip(x, min=t),
            lambda x, t: np.clip(x, t, 9.0),
            lambda x, t: np.clip(x, a_min=None, a_max=t),
            lambda x, t: autograd.pad(x, 1, constant_values=t[0]),
            lambda x, t: np.pad(x, 1, constant_values=t[0]),
            lambda x, t: autograd.leaky_relu(x, t),
            lambda x, t: autograd.leaky_relu(x, slope=t),
        ],
    )
    def test_of_an_operation_that_takes_a_constant_there_is_an_error_too(self, call):
        x, t = leaf(1.0, 2.0), leaf(1.5, 1.5)
        for first in (x, x.numpy()):
            for second in (t, t * 1):
                with pytest.raises(TypeError, match=r"(takes a constant there|NumPy would end).*x\.numpy\(\)"):
                    call(first, second)
        expected = call(x, t.numpy())
        np.testing.assert_array_equal(call(x, t.detach()).data, expected.data)
        with no_grad():
            np.testing.assert_array_equal(call(x, t).data, expected.data)
        with pytest.raises(TypeError, match=r"takes a constant there|NumPy would end"):
            grad(lambda t: call(x, t).sum())([1.5, 1.5])

    @pytest.mark.parametrize(
        "call",
        [
            lambda t: autograd.where(t, 1.0, 2.0),
            lambda t: np.where(t, t, 0.0),
            lambda t: np.arange(3.0)[t],
            lambda t: autograd.take([1.0, 2.0], t),
            lambda t: autograd.cross_entropy(np.zeros((2, 2)), t),
            lambda t: autograd.sum(np.ones((2, 2)), t),
            lambda t: autograd.var(np.ones(2), ddof=t[0]),
            lambda t: autograd.reshape(np.ones(2), t),
            lambda t: autograd.repeat([1.0, 2.0], t),
        ],
    )
    def test_conditions_indices_labels_and_axes_have_none_either(self, call):
        with pytest.raises((TypeError, ValueError, IndexError)):
            call(leaf(1.0, 0.0))


class TestWhatAnOperationReturns:
    def test_one_vjp_too_many_is_an_error(self):
        @operation
        def twice(x, /):
            return 2 * x, lambda g: 2 * g, lambda g: 2 * g

        with pytest.raises(TypeError, match=r"twice returned 2 .* for 1 input"):
            twice(leaf(1.0))

    @pytest.mark.parametrize(
        "x", [np.ones(2), 1.0, Tensor(1.0), leaf(1.0, 2.0)], ids=["array", "number", "constant", "leaf"]
    )
    def test_no_tuple_is_an_error(self, x):
        @operation
        def bare(x, /):
            return x * 2

        @operation
        def listed(x, /):
            return [x * 2, lambda g: 2 * g]

        for function in (bare, listed):
            with pytest.raises(TypeError, match=rf"{function.__name__} must return its value and"):
                function(x)

    def test_a_vjp_that_returns_none_is_an_error(self):
        @operation
        def forgetful(x, /):
            def vjp(g):
                _ = g * 2

            return x * 2, vjp

        x, y = leaf(1.0), leaf(1.0)
        with pytest.raises(TypeError, match="forgetful returned None"):
            (forgetful(x) + y).sum().backward()
        assert (x.grad, y.grad) == (None, None)
        with pytest.raises(TypeError, match="forgetful returned None"):
            grad(lambda x: forgetful(x).sum())([1.0])

    @pytest.mark.parametrize("result", [2.0, np.float64(2.0), [2.0], (2.0,), Tensor([2.0]), np.array([2], np.int8)])
    def test_a_vjp_may_return_whatever_is_a_gradient_and_it_becomes_an_array_of_the_dtype(self, result):
        @operation
        def double(x, /):
            return x * 2, lambda _: result

        x = leaf(1.0, dtype=np.float32) if np.ndim(result) else Tensor(np.float32(1), requires_grad=True)
        double(x).backward()
        assert (type(x.grad), x.grad.dtype, x.grad.shape, x.grad.item()) == (np.ndarray, np.float32, x.shape, 2)

    def test_a_vjp_that_computes_with_a_leaf_leaves_no_tensor_for_a_gradient(self):
        w = leaf(2.0, 3.0)

        @operation
        def scaled(x, /):
            return x * w.data, lambda g: g * w

        x = leaf(1.0, 1.0)
        scaled(x).sum().backward()
        assert type(x.grad) is np.ndarray
        assert x.grad.tolist() == [2, 3]


class TestNumbersAndLists:
    """In every operation: see test_operations.py. Here are those that were forgotten once."""

    def test_serve_as_inputs(self):
        assert autograd.sum(3.0).item() == 3
        assert autograd.sum([[1.0, 2.0], [3.0, 4.0]], axis=0).data.tolist() == [4, 6]
        assert autograd.mean([1, 2]).item() == 1.5
        np.testing.assert_allclose(autograd.softmax([1.0, 1.0]).data, [0.5, 0.5])
        assert autograd.add([1.0], [2.0]).data.tolist() == [3]
        assert autograd.multiply([1.0, 2.0], 3).data.tolist() == [3, 6]
        assert autograd.power(2, 3).item() == 8
        assert autograd.exp(0).item() == 1
        assert autograd.relu([-1, 2]).data.tolist() == [0, 2]
        assert autograd.norm([3.0, 4.0]).item() == 5
        assert autograd.where([True, False], 1.0, [2.0, 3.0]).data.tolist() == [1, 3]
        assert autograd.matmul([1.0, 2.0], [[3.0], [4.0]]).data.tolist() == [11]
        assert autograd.einsum("i,i", [1.0, 2.0], (3.0, 4.0)).item() == 11
        assert autograd.concatenate([[1.0], (2.0, 3.0)]).data.tolist() == [1, 2, 3]
        assert autograd.stack([1.0, 2.0]).data.tolist() == [1, 2]
        assert autograd.cross_entropy([[0.0, 0.0]], [1]).item() == pytest.approx(np.log(2))
        assert autograd.nll_loss([[-1.0, -2.0]], [1]).item() == 2
        assert autograd.mse_loss(1.0, 3.0).item() == 4
        assert autograd.hstack([1.0, [2.0, 3.0]]).data.tolist() == [1, 2, 3]

    def test_beside_tensors_carry_the_gradient_of_those(self):
        x = leaf(1.0, 2.0)
        for y in ([1.0, 2.0] - x, x * [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]] @ x, autograd.stack([x, [1.0, 2.0]]),
                  np.concatenate([[1.0], x]), np.stack([x[0], 1.0]), autograd.maximum(x, (1.5, 1.5))):  # fmt: skip
            x.zero_grad()
            y.sum().backward()
            assert x.grad.any()


class TestAVjpThatRaises:
    @pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
    def test_midway_leaves_no_gradient_added_to_any_leaf(self, error):
        @operation
        def fails(x, /):
            def vjp(_):
                raise error

            return x * 2, vjp

        older, x = leaf(1.0), leaf(1.0)
        inner = x * 1
        failing = fails(inner)
        younger, retained = leaf(1.0), leaf(1.0) * 1  # which backward reaches before it fails
        older.grad = younger.grad = [7.0]
        for tensor in (inner, failing, retained):
            tensor.retain_grad()
        total = (older + failing * younger + retained).sum()
        with pytest.raises(error):
            total.backward()
        assert (older.grad.tolist(), younger.grad.tolist()) == ([7], [7])
        assert [tensor.grad for tensor in (x, inner, failing, retained)] == [None] * 4
        with pytest.raises(RuntimeError, match="freed"):
            total.backward()
        (older * younger).sum().backward()
        assert (older.grad.tolist(), younger.grad.tolist()) == ([8], [8])

    def test_is_the_same_where_what_it_returns_is_refused(self):
        @operation
        def misshapen(x, /):
            return x * 2, lambda _: np.ones(5)

        x = leaf(1.0, 2.0)
        y = misshapen(x)
        younger = leaf(1.0, 2.0)
        with pytest.raises(ValueError, match="misshapen"):
            (younger + y).sum().backward()
        assert (x.grad, younger.grad) == (None, None)


class TestAnArrayThatAVjpOwns:
    def returning(self, result):
        @operation
        def owner(x, /):
            return x * 2, lambda _: result

        return owner

    @pytest.mark.parametrize(
        "view",
        [lambda a: a, lambda a: a[:], lambda a: a[::-1], lambda a: a.reshape(2), lambda a: np.broadcast_to(a, 2)],
    )
    def test_is_not_shared_with_the_gradient_of_a_leaf(self, view):
        owned, x = np.array([5.0, 5.0]), leaf(1.0, 2.0)
        for _ in range(2):
            x.zero_grad()
            self.returning(view(owned))(x).sum().backward()
            assert not np.shares_memory(x.grad, owned)
            x.grad *= 100
            assert owned.tolist() == [5, 5]
        kept = x.grad
        owned[:] = 0
        assert kept.tolist() == [500, 500]

    def test_nor_with_that_of_an_inner_tensor_or_of_a_leaf_further_down(self):
        owned, x = np.array([5.0, 5.0]), leaf(1.0, 2.0)
        for pass_on in (lambda x: x + 0, lambda x: x.reshape(2, 1).reshape(2), lambda x: +x, lambda x: x.copy()):
            x.zero_grad()
            inner = pass_on(x)
            inner.retain_grad()
            self.returning(owned)(inner).sum().backward()
            for keeper in (x, inner):
                assert not np.shares_memory(keeper.grad, owned)
                keeper.grad *= 100
            assert owned.tolist() == [5, 5]

    def test_two_leaves_that_are_given_one_array_do_not_share_it(self):
        owned, x, y = np.array([5.0, 5.0]), leaf(1.0, 2.0), leaf(3.0, 4.0)

        @operation
        def both(a, b, /):
            return a + b, lambda _: owned, lambda _: owned

        both(x, y).sum().backward()
        assert not np.shares_memory(x.grad, y.grad)
        x.grad *= 100
        assert (owned.tolist(), y.grad.tolist()) == ([5, 5], [5, 5])

    def test_nor_is_it_what_grad_returns(self):
        owned = np.array([5.0, 5.0])
        g = grad(lambda x: self.returning(owned)(x).sum())([1.0, 2.0])
        g *= 100
        assert owned.tolist() == [5, 5]


@pytest.mark.parametrize("optimizer", [lambda p: SGD(p, 0.1), Adam], ids=["SGD", "Adam"])
class TestOptimizers:
    def test_refuse_a_dict_and_say_what_to_pass(self, optimizer):
        parameters = {"W": leaf(1.0), "b": leaf(2.0)}
        with pytest.raises(ValueError, match=r"values\(\)"):
            optimizer(parameters)
        with pytest.raises(ValueError, match=r"values\(\)"):
            optimizer([parameters])
        assert len(optimizer(parameters.values()).parameters) == 2

    def test_refuse_a_parameter_given_twice(self, optimizer):
        x, y = leaf(1.0), leaf(1.0)
        for parameters in ([x, x], [x, y, x], (t for t in (y, y))):
            with pytest.raises(ValueError, match="once"):
                optimizer(parameters)
        optimizer([x, y])

    def test_refuse_one_tensor_alone_and_arrays(self, optimizer):
        for parameters in (leaf(1.0, 2.0), [np.ones(2)], [1.0], "W"):
            with pytest.raises(ValueError, match="list of leaves"):
                optimizer(parameters)


class TestOneNoGradObject:
    def test_may_be_entered_again_within_itself_and_afterwards(self):
        x, off = leaf(2.0), no_grad()
        for _ in range(2):
            with off:
                with off:
                    assert not (x * x).requires_grad
                assert not (x * x).requires_grad
            assert (x * x).requires_grad

    def test_may_decorate_a_function_that_calls_itself(self):
        x = leaf(2.0)

        @no_grad()
        def power(n):
            return x * power(n - 1) if n else x * 0 + 1

        assert (power(3).requires_grad, power(3).item()) == (False, 8)
        assert (x * x).requires_grad

    def test_may_be_entered_by_two_threads_each_for_itself(self):
        x, off, inside, seen = leaf(2.0), no_grad(), threading.Barrier(2), []

        def elsewhere():
            with off:
                inside.wait()  # this thread is in it, the other too
                inside.wait()  # the other has left
                seen.append((x * x).requires_grad)
            seen.append((x * x).requires_grad)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        with off:
            inside.wait()
        assert (x * x).requires_grad
        inside.wait()
        thread.join()
        assert seen == [False, True]


class TestWhatPythonAndNumpyUsersWrite:
    def test_plus_x(self):
        x = leaf(1.0, -2.0)
        y = +x
        assert (y.data.tolist(), y is x) == ([1, -2], False)
        y.sum().backward()
        assert x.grad.tolist() == [1, 1]

    @pytest.mark.parametrize("b", [2.0, -2.0, np.array([0.7, -0.7])])
    def test_remainders_and_whole_quotients(self, b):
        a = np.array([5.3, -5.3])
        x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
        np.testing.assert_array_equal((x % y).data, a % b)
        np.testing.assert_array_equal((a % y).data, a % b)
        (x % y).backward(np.array([1.0, 10.0]))
        np.testing.assert_array_equal(x.grad, [1, 10])
        np.testing.assert_array_equal(y.grad, autograd.unbroadcast(-np.array([1, 10]) * (a // b), np.shape(b)))
        for quotient in (x // y, a // y, x // b):
            assert type(quotient) is np.ndarray
            np.testing.assert_array_equal(quotient, a // b)

    def test_rounding_gives_plain_numbers(self):
        x = leaf(1.26, -2.5)
        assert (round(x).tolist(), round(x, 1).tolist(), type(round(x))) == ([1, -2], [1.3, -2.5], np.ndarray)
        assert x.round(1).tolist() == [1.3, -2.5]
        assert round(x[0], 1) == 1.3

    def test_format_is_that_of_the_one_number(self):
        x = Tensor(np.pi, requires_grad=True)
        for t in (x, x * 1, x.detach(), Tensor([np.pi])):
            assert (format(t, ".3f"), f"{t:8.2f}", f"{t:.2e}") == ("3.142", "    3.14", "3.14e+00")
        assert format(x) == f"{x}" == str(x) == repr(x)
        with pytest.raises(ValueError, match="size 1"):
            format(leaf(1.0, 2.0), ".3f")

    def test_leaky_relu_and_tan(self):
        x = leaf(-2.0, 0.0, 1.0)
        assert autograd.leaky_relu(x).data.tolist() == [-0.02, 0, 1]
        x.leaky_relu(0.5).sum().backward()
        assert x.grad.tolist() == [0.5, 0.5, 1]
        np.testing.assert_array_equal(x.tan().data, np.tan(x.data))

    def test_in_place_remainder_of_a_leaf_is_refused_as_the_others_are(self):
        x = leaf(1.0)
        with pytest.raises(RuntimeError, match=r"x\.data"):
            x %= 2


#: What is public and defined in the files of operations.
OPERATIONS = {
    name: value
    for module in (importlib.import_module(f"autograd.{module}") for module in MODULES)
    for name, value in vars(module).items()
    if callable(value) and getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
}


class TestOnePlaceForAnOperation:
    @pytest.mark.parametrize("name", OPERATIONS)
    def test_offers_it_in_the_package_as_a_method_and_in_place_of_numpys(self, name):
        function = OPERATIONS[name]
        assert name in autograd.__all__
        assert getattr(autograd, name) is function
        if next(iter(inspect.signature(function).parameters)) == "x":
            assert getattr(Tensor, name) is function
        if hasattr(np, name):
            assert autograd.tensor.NUMPY[getattr(np, name)] is function

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_prints_its_name_and_has_a_docstring(self, name):
        function = OPERATIONS[name]
        assert name in repr(function)
        assert "lambda" not in repr(function)
        assert (function.__name__, function.__qualname__) == (name, name)
        assert function.__doc__
        assert pickle.loads(pickle.dumps(function)) is function

    def test_the_package_offers_nothing_else_by_accident(self):
        assert dir(autograd) == sorted(set(autograd.__all__))
        assert len(autograd.__all__) == len(set(autograd.__all__))
        for name in autograd.__all__:
            assert autograd.__name__ in getattr(autograd, name).__module__

    def test_one_definition_adds_one(self, tmp_path):
        shutil.copytree(ENGINE, tmp_path / "autograd", ignore=shutil.ignore_patterns("__pycache__"))
        with (tmp_path / "autograd" / "elementwise.py").open("a") as file:
            file.write(
                "\n\n@operation\ndef arcsinh(x, /):\n    return np.arcsinh(x), lambda g: g / np.sqrt(1 + x * x)\n"
            )
        printed = run(
            "import numpy as np, autograd\n"
            "x = autograd.Tensor([0.75], requires_grad=True)\n"
            "for y in (autograd.arcsinh(x), x.arcsinh(), np.arcsinh(x)):\n"
            "    x.zero_grad()\n"
            "    y.backward()\n"
            "    print(y, x.grad, 'arcsinh' in autograd.__all__)",
            cwd=tmp_path,
        )
        assert printed == "Tensor([0.69314718], arcsinh) [0.8] True\n" * 3

    def test_no_two_files_import_each_other_even_by_way_of_others(self):
        imports = {}
        for path in ENGINE.glob("*.py"):
            nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
            names = {node.module for node in nodes} | {f"{node.module}.{a.name}" for node in nodes for a in node.names}
            own = {f"autograd.{other.stem}" for other in ENGINE.glob("*.py")}
            imports[f"autograd.{path.stem}"] = names & own
        order = list(graphlib.TopologicalSorter(imports).static_order())  # raises CycleError
        assert imports["autograd.tape"] == set()
        assert imports["autograd.tensor"] == {"autograd.tape"}
        rules = {f"autograd.{name}" for name in MODULES}
        assert max(order.index(f"autograd.{name}") for name in ("tape", "tensor", "operation")) < min(
            order.index(rule) for rule in rules
        )
        assert imports["autograd.methods"] >= rules
