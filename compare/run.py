"""The main job: are the three the same network? Gradients before and after training, three trainings, a verdict."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compare.curves import curves_json, judge, pairs_json, print_curves, save_curves, train_all
from compare.parity.line_check import LineCheck, check_lines
from compare.parity.pairs import PairRow, compare_pairs
from compare.shared.dataset import Dataset, load_mnist, pixels
from compare.shared.differences import PairDifference, differences
from compare.shared.environment import environment
from compare.shared.implementations import NAMES, TITLES, build
from compare.shared.output import Output
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import print_files, print_table, print_text, progress
from compare.shared.threads import use_threads
from compare.shared.training import Curve, Digits

ROWS = 64  # of the training set, for the gradients that are compared
