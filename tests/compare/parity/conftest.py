"""Planted bugs, tried once for all tests of the parity."""

import pytest

from compare.parity.mutants import try_mutants


@pytest.fixture(scope="session")
def proof():
    """Every planted bug, tried."""
    return try_mutants()
