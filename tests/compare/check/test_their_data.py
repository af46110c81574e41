"""What a program asks for and does not have is given in the form asked for; what it has is left alone.

Each program runs in a process and a folder of its own. Then checks are run that see the program's names, our digits
as `d`, what was told, and what is missing.
"""

import subprocess
import sys
from textwrap import dedent

import pytest

from compare.check.surroundings.digits import Digits, Giver
from compare.check.surroundings.files import Files

DRIVER = """
import sys
from importlib.machinery import PathFinder
from pathlib import Path

found, absent = PathFinder.find_spec, sys.argv[1].split(",")
PathFinder.find_spec = lambda name, *more: None if name.partition(".")[0] in absent else found(name, *more)

import numpy as np
from compare.check import surroundings

told, d = [], surroundings.Digits(Path(sys.argv[3]))
surroundings.provide(Path.cwd(), d, told.append)
program = {"__name__": "__main__"}
exec(compile(Path("program.py").read_text(), str(Path("program.py").resolve()), "exec"), program)
seen = {"d": d, "x": d.train_images.reshape(-1, 784), "y": d.train_labels, "told": told}
exec(sys.argv[2], {**program, **seen, "missing": surroundings.missing, "np": np, "same": np.array_equal})
"""
LIBRARIES = ("pandas", "sklearn", "scipy", "torch", "PIL")
GIVEN = "is not there: the digits that come with this tool were given instead"


@pytest.fixture(scope="module")
def fewer(tmp_path_factory, write_set):
    """The first digits of ours, without gzip: quicker for so many processes."""
    ours = Digits()
    images, labels = ours.train_images[:13000], ours.train_labels[:13000]
    folder = tmp_path_factory.mktemp("digits")
    return write_set(folder, images, labels, ours.test_images[:2500], ours.test_labels[:2500], packed=False)


@pytest.fixture
def runs(tmp_path, fewer):
    """Runs a program, then checks; without: modules that shall not be installed."""

    def run(program, checks, without=LIBRARIES):
        (tmp_path / "program.py").write_text(dedent(program))
        command = [sys.executable, "-W", "error", "-c", DRIVER, ",".join(without), dedent(checks), fewer]
        child = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert child.returncode == 0, child.stderr
        return child.stdout

    return run


def test_keras_and_tensorflow(runs):
    runs(
        """
        from keras.datasets import mnist
        from tensorflow.keras.datasets import mnist as other, fashion_mnist
        from tensorflow.python.keras.datasets.mnist import load_data
        from tensorflow import keras
        from keras.utils import to_categorical, np_utils
        from tensorflow.examples.tutorials.mnist import input_data
        import tensorflow as tf
        tf.random.set_seed(0)
        sets = [f() for f in (mnist.load_data, other.load_data, load_data, keras.datasets.mnist.load_data,
                              tf.keras.datasets.mnist.load_data, fashion_mnist.load_data)]
        hot = to_categorical(sets[0][0][1][:3], 10), np_utils.to_categorical([[1], [2]])
        unit = tf.keras.utils.normalize(sets[0][0][0][:9], axis=1)
        data = input_data.read_data_sets("MNIST_data/", one_hot=True)
        first, again = data.train.next_batch(100), data.train.next_batch(100)
        sets[0][0][0][:] = 0  # a program's own change
        """,
        f"""
        for (a, b), (c, e) in sets[1:]:
            assert same(a, d.train_images) and same(b, y) and same(c, d.test_images) and same(e, d.test_labels)
            assert {{v.dtype for v in (a, b, c, e)}} == {{np.dtype("uint8")}}
        assert hot[0].dtype == "float32" and same(hot[0].argmax(1), y[:3]) and hot[1].shape == (2, 3)
        assert np.allclose((unit**2).sum(1).max(), 1)
        assert same(first[0], np.float32(x[5000:5100] / 255)) and same(again[1].argmax(1), y[5100:5200])
        assert data.validation.images.shape == (5000, 784) and data.test.num_examples == 2500
        assert told == ["mnist.load_data {GIVEN}", "fashion_mnist.load_data {GIVEN}",
                        "input_data.read_data_sets {GIVEN}"]
        """,
    )


SKLEARN = """
    from sklearn.datasets import fetch_openml
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler, MinMaxScaler, OneHotEncoder, LabelBinarizer
    bunch = fetch_openml('mnist_784', version=1, as_frame=False, parser='auto')
    X, t = bunch["data"][:500], bunch.target.astype(int)[:500]
    frame, series = fetch_openml('mnist_784', return_X_y=True, as_frame=True)
    a, b, c, e = train_test_split(X, t, test_size=0.2, random_state=0)
    scaled = StandardScaler().fit_transform(X), MinMaxScaler().fit_transform(X)
    hot = OneHotEncoder().fit_transform(t.reshape(-1, 1)).toarray(), LabelBinarizer().fit_transform(t)
    try:
        fetch_openml('credit-g')
    except OSError:
        pass
    """
SKLEARN_GIVEN = f"""
    assert same(bunch.data, x[:10000]) and bunch.data.dtype == "float64"
    assert bunch.target[0] == "5" and same(bunch.target.astype(int), y[:10000])
    assert frame.shape == (10000, 784) and same(frame.values, x[:10000]) and series.to_numpy()[0] == "5"
    assert same(frame.iloc[3], x[3])
    assert a.shape == (400, 784) and b.shape == (100, 784) and len(c) == 400 and len(e) == 100
    assert same(np.sort(np.r_[a, b].sum(1)), np.sort(X.sum(1)))
    moved = X - X.mean(0)
    assert np.allclose(scaled[0], moved / np.where(moved.std(0), moved.std(0), 1)) and scaled[1].max() == 1
    assert all(same(h.argmax(1), t) for h in hot)
    assert told[0] == 'fetch_openml("mnist_784") {GIVEN}, 10,000 rows'
    assert missing == ["fetch_openml('credit-g')"]
    """


def test_what_learners_take_from_scikit_learn_and_scipy_where_they_are_absent(runs):
    runs(
        """
        from sklearn.datasets import make_moons, make_circles, make_blobs, load_iris, load_digits, fetch_mldata
        from sklearn.metrics import accuracy_score, confusion_matrix
        from sklearn.utils import shuffle
        import scipy.io
        from scipy.special import expit, softmax
        sets = [make_moons(200, noise=0.1, random_state=1), make_circles(n_samples=101, factor=0.5),
                make_blobs(n_samples=90, centers=3, random_state=0), load_iris(return_X_y=True)]
        digits = load_digits()
        mldata = fetch_mldata("MNIST original")
        rows, labels = shuffle(sets[0][0], list(sets[0][1]), random_state=0)
        score = accuracy_score([1, 2, 2], [1, 2, 1]), confusion_matrix([1, 2, 2], [1, 2, 1])
        whole = scipy.io.loadmat('mnist-original.mat')
        parts = scipy.io.loadmat('data/mnist_all.mat')
        course = scipy.io.loadmat('/somewhere/ex4data1.mat')
        one, sure = softmax([1.0, 2.0]), expit(800.0)
        """,
        """
        assert [(len(a), a.shape[1], len(set(b))) for a, b in sets] == [
            (200, 2, 2), (101, 2, 2), (90, 2, 3), (150, 4, 3)]
        assert digits.data.shape == (1797, 64) and digits.images.max() == 16 and same(digits.target, y[:1797])
        assert mldata["data"].shape == (15500, 784) and mldata.target.dtype == float
        assert {(tuple(r), l) for r, l in zip(rows, labels)} == {(tuple(r), l) for r, l in zip(*sets[0])}
        assert np.isclose(score[0], 2 / 3) and score[1].tolist() == [[1, 0], [1, 1]]
        assert same(whole["data"].T, np.r_[x, d.test_images.reshape(-1, 784)])
        assert same(whole["label"][0, 13000:], d.test_labels)
        assert same(parts["train7"], x[y == 7]) and len(parts["test1"]) == (d.test_labels == 1).sum()
        assert course["X"].shape == (5000, 400) and set(course["y"].ravel()) == set(range(1, 11))
        assert same(course["X"][0].reshape(20, 20).T * 255, d.train_images[0, 4:24, 4:24])
        assert np.isclose(one.sum(), 1) and sure == 1
        assert len(told) == 6 and "made-up flowers" in told[0] and "8 x 8" in told[1], told
        """,
    )


@pytest.mark.parametrize("torch", [True, False], ids=["tensors", "arrays"])
def test_torchvision(runs, tmp_path, torch):
    if torch:  # the real one takes seconds to import
        tensor = "import numpy as np\nclass Tensor(np.ndarray):\n    def numpy(self): return np.asarray(self)\n"
        (tmp_path / "torch.py").write_text(f"{tensor}from_numpy = lambda array: array.view(Tensor)\n")
    runs(
        """
        from torchvision import datasets, transforms
        from torchvision.datasets import MNIST
        change = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
        train = datasets.MNIST('./data', train=True, download=True, transform=change)
        test = MNIST(root='./data', train=False)
        pixels, labels, first = train.data.numpy(), test.targets.numpy(), train[0]
        kind = type(train.data).__name__, type(first[0]).__name__
        """,
        f"""
        assert same(pixels, d.train_images) and same(labels, d.test_labels) and len(test) == 2500
        assert kind == ("{"Tensor" if torch else "Plain"}",) * 2
        assert np.allclose(np.asarray(first[0]), (d.train_images[:1] / 255 - 0.5) / 0.5) and first[1] == 5
        assert told == ["torchvision's MNIST {GIVEN}"]
        """,
        without=("PIL",) if torch else ("torch", "PIL"),
    )


def test_files_by_name_wherever_they_are_said_to_lie(runs):
    runs(
        """
        import csv, gzip, io, os, pickle, struct
        from pathlib import Path
        import numpy as np
        with open('data/train-images-idx3-ubyte', 'rb') as f:
            magic, n, rows, columns = struct.unpack('>IIII', f.read(16))
            images = np.frombuffer(f.read(), np.uint8).reshape(n, rows, columns)
        with gzip.open('/content/drive/My Drive/t10k-labels-idx1-ubyte.gz', 'rb') as f:
            labels = np.frombuffer(f.read(), np.uint8, offset=8)
        dotted = np.fromfile('train-labels.idx1-ubyte', dtype=np.uint8)[8:]
        by_path = Path('t10k-images.idx3-ubyte').read_bytes()
        npz = np.load('C:\\\\data\\\\mnist.npz')
        npz = npz['x_train'], npz['y_test']
        with gzip.open('../data/mnist.pkl.gz', 'rb') as f:
            parts = pickle.load(f, encoding='latin1')
        plain = pickle._Unpickler(open('mnist.pkl', 'rb')).load()
        npy = np.load('X_train.npy'), np.load('y_train.npy')
        loaded = np.loadtxt(fname='mnist_train.csv', delimiter=',', max_rows=300)
        skipped = np.loadtxt('digits_train_header.csv', delimiter=',', skiprows=1)
        generated = np.genfromtxt('mnist_test_10.csv', delimiter=',')
        hundred = [line.split(',') for line in open('mnist_dataset/mnist_train_100.csv').readlines()]
        kaggle = list(csv.reader(open('../input/digit-recognizer/train.csv')))
        unlabelled = io.open('test.csv').read().splitlines()
        there = os.path.exists('mnist_train.csv'), os.path.isfile('t10k-images-idx3-ubyte'), os.path.exists('mnist.pkl')
        """,
        f"""
        assert same(images, d.train_images) and same(labels, d.test_labels) and same(dotted, y)
        assert by_path[16:] == d.test_images.tobytes()
        assert same(npz[0], d.train_images) and same(npz[1], d.test_labels)
        for three in (parts, plain):
            assert type(three) is tuple and [a.shape for a, b in three] == [(10000, 784), (2000, 784), (2000, 784)]
            assert three[0][0].dtype == "float32" and 0 <= three[0][0].min() and three[0][0].max() < 1
            assert same(three[0][1], y[:10000]) and same(three[1][1], y[10000:12000])
        assert same(npy[0], x[:2000]) and same(npy[1], y[:2000])
        table = np.c_[y, x]
        assert same(loaded, table[:300]) and same(skipped, table[:2000])
        assert same(generated, np.c_[d.test_labels, d.test_images.reshape(-1, 784)][:10])
        assert same(np.array(hundred, int), table[:100])
        assert kaggle[0][:2] == ["label", "pixel0"] and len(kaggle) == 2001
        assert same(np.array(kaggle[1:50], int), table[:49])
        assert unlabelled[0].startswith("pixel0,") and len(unlabelled) == 2001
        assert there == (True, True, False)
        assert len(told) == 15 and all("{GIVEN}" in line for line in told), told
        assert told[0] == "train-images-idx3-ubyte {GIVEN}"
        assert "train.csv {GIVEN}, 2,000 rows of a label and 784 pixels" in told
        assert missing == []
        """,
    )


def test_names_of_python_2_and_of_numpy_1_that_are_gone(runs):
    runs(
        """
        from past.builtins import range, xrange
        from past.utils import old_div
        from future.utils import iteritems
        from six.moves import xrange as again
        import six
        import numpy as np

        f = np.asfarray(["1", "2.5"])
        z = np.zeros(2, np.float).astype(np.int)
        ends = np.product([2, 3]), np.Inf, np.alltrue([1, 1])
        """,
        """
        assert list(xrange(3)) == list(again(3)) == [0, 1, 2] and old_div(7, 2) == 3
        assert list(iteritems({1: 2})) == list(six.iteritems({1: 2})) == [(1, 2)]
        assert f.dtype == float and same(f, [1, 2.5]) and z.dtype == int and ends == (6, np.inf, True)
        assert [line.split(" is of NumPy 1")[0] for line in told] == [
            "np.asfarray", "np.float", "np.int", "np.product", "np.Inf", "np.alltrue"], told
        """,
        (*LIBRARIES, "six", "past", "future"),
    )


def test_small_packages_and_siblings(runs):
    runs(
        """
        import mnist
        from mnist import MNIST
        import mnist_loader
        from dataset.mnist import load_mnist
        import idx2numpy
        import nnfs
        from nnfs.datasets import spiral_data, vertical_data, sine_data
        nnfs.init()
        whole = mnist.train_images(), mnist.test_labels()
        images, labels = MNIST('./data').load_training()
        training, validation, test = mnist_loader.load_data_wrapper()
        (a, b), (c, e) = load_mnist(normalize=True, one_hot_label=True)
        (raw, _), _ = load_mnist(normalize=False, flatten=False)
        read = idx2numpy.convert_from_file('train-images-idx3-ubyte')
        X, t = spiral_data(100, 3)
        more = vertical_data(samples=50, classes=3), sine_data()
        """,
        """
        assert same(whole[0], d.train_images) and same(whole[1], d.test_labels)
        assert type(images) is list and same(images, x[:2000]) and same(labels, y[:2000])
        assert len(training) == 10000 and training[0][0].shape == (784, 1) and training[0][1].shape == (10, 1)
        assert np.allclose(training[3][0][:, 0] * 256, x[3]) and training[3][1].argmax() == y[3]
        assert validation[0][1] == y[10000] and len(test) == 2000
        assert a.dtype == "float32" and np.allclose(a[:99], x[:99] / 255) and len(a) == 13000
        assert same(b.argmax(1), y) and c.shape == (2500, 784)
        assert raw.shape == (13000, 1, 28, 28) and raw.dtype == "uint8"
        assert same(read, d.train_images)
        assert X.shape == (300, 2) and same(np.bincount(t), [100] * 3) and np.abs(X).max() <= 1
        assert more[0][0].shape == (150, 2) and more[1][1].shape == (1000, 1)
        assert len(told) == 6, told
        """,
    )


PANDAS = """
    import pandas as pd
    train = pd.read_csv('train.csv')
    test = pd.read_csv(filepath_or_buffer='/kaggle/input/digit-recognizer/test.csv')
    plain = pd.read_csv('mnist_test.csv', header=None)
    few = pd.read_csv('mnist_train.csv', nrows=7, dtype='float32')
    pixels_of, label_of = train.drop('label', axis=1), train['label']
    pixels, labels = plain.iloc[:, 1:].values, plain.iloc[:, 0].to_numpy()
    bright = (train.drop(columns=['label']) / 255.0).values
    order = train.sample(frac=1)
    rows = len(train), train.shape, list(train.columns[:2]), train.head().shape
    own = pd.read_csv('own.csv')
    kinds = own['kind'].map({'a': 0, 'b': 1}).values, own[['u', 'v']].values, own.loc[:, 'v'].to_numpy()
    """
PANDAS_GIVEN = f"""
    assert same(pixels_of.values, x[:2000]) and same(label_of.values, y[:2000]) and train.label.to_numpy()[1] == 0
    assert test.shape == (2000, 784) and plain.shape == (2000, 785)
    assert same(pixels, d.test_images.reshape(-1, 784)[:2000]) and same(labels, d.test_labels[:2000])
    assert few.shape == (7, 785) and few.values.dtype == "float32"
    assert np.allclose(bright * 255, x[:2000])
    assert order.shape == train.shape and same(np.sort(order.values.sum(1)), np.sort(train.values.sum(1)))
    assert rows == (2000, (2000, 785), ["label", "pixel0"], (5, 785))
    assert same(kinds[0], [0, 1]) and same(kinds[1], [[1, 2.5], [3, 4]]) and same(kinds[2], [2.5, 4])
    assert len(told) == 5 and told[1] == "train.csv {GIVEN}, 2,000 rows of a label and 784 pixels", told
    """


@pytest.mark.parametrize("without", [(), LIBRARIES], ids=["installed", "absent"])
def test_scikit_learn_and_pandas_installed_or_not(runs, tmp_path, without):
    (tmp_path / "own.csv").write_text("u,v,kind\n1,2.5,a\n3,4,b\n")
    runs(dedent(SKLEARN) + dedent(PANDAS), dedent(SKLEARN_GIVEN) + dedent(PANDAS_GIVEN), without)


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("X = data[1000:]", 2000),
        ("X = data[:2000]", 2000),
        ("X = data[2000:]", 10000),
        ("X = data[:41000]", 42000),
        ("X, V = data[:50_000], data[50_000:]", 60000),
        ("X.reshape(60000, 784)", 60000),
        ("1e5, 0.00012345, 100000, x12345", 2000),
    ],
)
def test_as_many_rows_are_given_as_the_program_names(tmp_path, line, rows):
    (tmp_path / "program.py").write_text(line)
    assert Giver(tmp_path, Digits(), print, []).enough(60000) == rows


def test_the_network_gives_files_of_digits_and_nothing_else(runs):
    runs(
        """
        import gzip, urllib.request
        import requests, wget
        url = 'http://yann.lecun.com/exdb/mnist/'
        path, _ = urllib.request.urlretrieve(url + 't10k-labels-idx1-ubyte.gz', 'labels.gz')
        labels = gzip.open(path).read()[8:]
        read = urllib.request.urlopen(url + 't10k-images-idx3-ubyte.gz').read()
        answer = requests.get(url + 'train-labels-idx1-ubyte.gz', stream=True)
        answer.raise_for_status()
        content = b''.join(answer.iter_content(1024))
        saved = wget.download('https://example.com/mnist_train_100.csv')
        urllib.request.urlretrieve(url + 'train-labels-idx1-ubyte.gz', '/nowhere/train-labels-idx1-ubyte.gz')
        errors = []
        for get in (urllib.request.urlopen, requests.get):
            try:
                get('https://example.com/iris.csv')
            except Exception as error:
                errors.append(error)
        """,
        """
        import gzip, os, urllib.error
        assert labels == d.test_labels.tobytes() and gzip.decompress(read)[16:] == d.test_images.tobytes()
        assert gzip.decompress(content)[8:] == y.tobytes()
        assert os.path.getsize(saved) > 100_000 and not os.path.exists("/nowhere")
        assert isinstance(errors[0], urllib.error.URLError) and isinstance(errors[1], OSError)
        assert "nothing is fetched" in str(errors[0])
        assert missing == ["https://example.com/iris.csv"]
        """,
    )


def test_other_data_that_is_missing_is_remembered_and_not_there(runs):
    runs(
        """
        import json, pickle
        import numpy as np
        import pandas as pd
        failed = []
        for read in (lambda: open('heart.csv'), lambda: np.load('mnist_weights.npz'),
                     lambda: np.loadtxt('sub/points.txt'),
                     lambda: pd.read_csv('titanic_train.csv'), lambda: pickle.load(open('mnist_model.pkl', 'rb'))):
            try:
                read()
            except FileNotFoundError as error:
                failed.append(error)
        absent = []
        for module in ('keras.models', 'sklearn.svm', 'sibling'):
            try:
                __import__(module)
            except ModuleNotFoundError as error:
                absent.append(error.name)
        import tensorflow as tf
        for get in (lambda: tf.keras.Sequential, lambda: exec('from sklearn.metrics import log_loss')):
            try:
                get()
            except ModuleNotFoundError as error:
                absent.append(error.name)
        """,
        """
        assert len(failed) == 5 and told == [], told
        assert missing == ["heart.csv", "mnist_weights.npz", "sub/points.txt", "titanic_train.csv", "mnist_model.pkl"]
        assert absent == ["keras.models", "sklearn.svm", "sibling", "tensorflow", "sklearn"], absent
        """,
    )


@pytest.mark.parametrize(
    ("name", "source", "given"),
    [
        ("train.csv", "x / 255", True),
        ("train.csv", "survived", False),
        ("digits_val.csv", "", True),
        ("X_test.npy", "x.reshape(28, 28)", True),
        ("mnist_submission.csv", "784", False),
        ("mnist_weights.npz", "784", False),
        ("mnist.npz", "", True),
        ("heart.csv", "mnist", False),
    ],
)
def test_a_name_is_one_of_digits_alone_or_because_the_program_speaks_of_them(tmp_path, name, source, given):
    (tmp_path / "program.py").write_text(source)
    assert Files(Giver(tmp_path, Digits(), print, [])).is_digits(name) == given


def test_what_is_there_is_left_alone_and_installed_libraries_heed_their_options(runs, tmp_path):
    (tmp_path / "mnist_train.csv").write_text("1,2,3\n")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"mine")
    (tmp_path / "mnist_loader.py").write_text("load_data = lambda: 'mine'\n")
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "datasets.py").write_text("mnist = 'mine'\n")
    (tmp_path / "seaborn.py").write_text("own = 'mine'\n")
    runs(
        """
        import numpy as np, pandas as pd
        import mnist_loader, seaborn
        from scipy.io import loadmat
        from keras.datasets import mnist
        table = np.loadtxt('mnist_train.csv', delimiter=','), pd.read_csv('mnist_train.csv', header=None)
        mine = open('train-images-idx3-ubyte').read(), mnist_loader.load_data(), mnist, seaborn.own
        with open('mnist_test.csv', 'w') as f:
            f.write('4,5')
        written = open('mnist_test.csv').read()
        two = pd.read_csv('digits_train.csv', usecols=['label', 'pixel9'])
        with pd.read_csv('digits_test.csv', chunksize=50) as chunks:
            chunk = next(iter(chunks))
        two.plot(), two['label'].plot(kind='bar')
        X = loadmat('ex4data1.mat')['X']
        try:
            loadmat('mine.mat')
        except FileNotFoundError:
            pass
        """,
        """
        assert same(two.columns, ["label", "pixel9"]) and same(two.label, y[:2000]) and chunk.shape == (50, 785)
        assert X.shape == (5000, 400) and missing == ["mine.mat"] and len(told) == 3
        assert same(table[0], [1, 2, 3]) and same(table[1].values, [[1, 2, 3]])
        assert mine == ("mine",) * 4 and written == "4,5"
        """,
        without=(),
    )


def test_an_installed_module_is_used_and_only_what_it_would_fetch_replaced(runs, tmp_path):
    (tmp_path / "site" / "torchvision" / "datasets").mkdir(parents=True)
    (tmp_path / "site" / "torchvision" / "datasets" / "mnist.py").write_text(
        "class MNIST: pass\nFashionMNIST = MNIST\n"
    )
    (tmp_path / "site" / "tqdm").mkdir()
    (tmp_path / "site" / "tqdm" / "__init__.py").write_text("tqdm = trange = 'theirs'\n")
    (tmp_path / "site" / "tqdm" / "notebook.py").write_text("tqdm = None\n")
    runs(
        """
        import sys
        sys.path.append('site')
        from torchvision.datasets.mnist import MNIST
        from tqdm.notebook import tqdm
        import scipy
        labels = MNIST('data', train=False).targets
        there = scipy.__file__
        """,
        """
        assert there and tqdm == "theirs" and same(labels, d.test_labels) and len(told) == 1
        """,
        without=("torch", "PIL"),
    )


def test_plots_prompts_and_waiting_do_nothing_and_accelerators_are_numpy(runs):
    said = runs(
        """
        import time, webbrowser
        import matplotlib
        matplotlib.use('TkAgg')
        import matplotlib.pyplot as plt
        from matplotlib import cm, pyplot
        from matplotlib.colors import ListedColormap
        from mpl_toolkits.mplot3d import Axes3D
        import seaborn as sns
        import plotly.graph_objects as go
        from IPython.display import display as show, clear_output
        from google.colab import drive
        from PIL import Image
        import cv2, wandb
        from tqdm import tqdm, trange
        from tqdm.notebook import tqdm as bar
        sns.set_theme()
        plt.rcParams['figure.figsize'] = (8, 6)
        plt.rcParams.update({'font.size': 12})
        fig, axes = plt.subplots(2, 3, figsize=(4, 4))
        fig, ax = plt.subplots()
        with plt.style.context('ggplot'):
            counts, bins, patches = plt.hist([1, 2])
            line, = ax.plot([1], [2])
        axes[0, 1].imshow([[1]], cmap=cm.gray)
        for each in axes.flat:
            each.set_title(f'{cm.viridis(3)}')
        ax.xaxis.set_major_locator(plt.MaxNLocator(5))
        plt.savefig('x.png'), plt.show(), clear_output(wait=True), drive.mount('/content/drive'), display(fig)
        get_ipython().run_line_magic('matplotlib', 'inline')
        go.Figure(data=[go.Scatter(x=[1])]).show()
        wandb.init(project='x'), wandb.log({'loss': 1}), cv2.imshow('x', 1)
        went = [k for k in tqdm(range(3), desc='x')], [k for k in trange(1, 3)]
        with bar(total=3) as progress:
            progress.set_postfix(loss=1), progress.update(1)
        answers = [input('> ') for _ in range(4)]
        start = time.perf_counter()
        time.sleep(30)
        slept = time.perf_counter() - start
        webbrowser.open('https://example.com')
        import threading, time
        import numpy as np
        import cupy as cp
        from numba import jit, njit, prange, vectorize
        waited = []
        def wait():
            start = time.perf_counter()
            time.sleep(0.2)
            waited.append(time.perf_counter() - start)
        thread = threading.Thread(target=wait)
        thread.start(), thread.join()
        @njit(parallel=True)
        def total(a):
            s = 0
            for k in prange(len(a)):
                s += a[k]
            return s
        @vectorize(['float64(float64)'])
        def relu(v):
            return v if v > 0 else 0.0
        norm = cp.asnumpy(cp.linalg.norm([3, 4]))
        found = total(cp.array([1, 2])), jit(total)([3]), relu(np.array([-1.0, 2.0])), norm
        try:
            Image.open('seven.png')
        except FileNotFoundError as error:
            name = error.filename
        try:
            sns.load_dataset('iris')
        except FileNotFoundError:
            pass
        """,
        """
        import os
        assert axes.shape == (2, 3) and went == ([0, 1, 2], [1, 2]) and answers == ["", "1", "y", ""]
        assert slept < 1 and not os.path.exists("x.png") and not told
        assert missing == [name, "iris"] == ["seven.png", "iris"]
        assert waited[0] >= 0.2 and found[:2] == (3, 3) and same(found[2], [0, 2]) and found[3] == 5
        """,
    )
    assert said == ""


def test_our_digits_are_whole():
    ours = Digits()
    assert ours.train_images.shape == (60000, 28, 28)
    images, labels = ours.everything(70000)
    assert images.shape == (70000, 784)
    assert labels[[0, 60000]].tolist() == [5, 7]


def test_files_of_h5py_by_the_names_of_their_parts(runs):
    runs(
        """
        import h5py
        import numpy as np
        with h5py.File("CW/mnist.hdf5", "r") as file:
            images, t = np.float32(file["x_train"][:]), np.int32(np.array(file["t_train"])).reshape(-1, 1)
            x_test = file["x_test"][:]
        cats = h5py.File("datasets/train_catvnoncat.h5", "r")
        pictures, labels = np.array(cats["train_set_x"][:]), np.array(cats["train_set_y"][:])
        names = np.array(cats["list_classes"][:])
        cats.close()
        """,
        """
        assert images.dtype == np.float32 and images.shape[1] == 784 and 0 < images.max() <= 1 and len(images) == len(t)
        assert same(t[:, 0], d.train_labels[:len(t)]) and x_test.shape[1] == 784
        assert pictures.shape == (209, 64, 64, 3) and pictures.dtype == np.uint8 and labels.shape == (209,)
        assert set(labels) == {0, 1} and list(names) == [b"non-cat", b"cat"]
        assert any("mnist.hdf5" in text for text in told)
        """,
        without=("h5py",),
    )
