"""Planted bugs, tried once for all tests of the parity."""

import pytest

from compare.parity.planted_bugs import plant_all


@pytest.fixture(scope="session")
def proof():
    """Every planted bug, tried."""
    return plant_all()
