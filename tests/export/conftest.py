"""Where the tests' values came from."""

import pytest

from actviz_core.export import Provenance

VERSIONS = {"python": "3.11", "torch": "2.9", "torchvision": "0.24", "numpy": "2.0", "actviz": "0.1"}


@pytest.fixture
def provenance() -> Provenance:
    """Two calls of a network whose names would be markup elsewhere."""
    return Provenance("net@<b>", "0123456789abcdef", "folder/3", ("conv", "relu#2"), (-1.5, 2.25), VERSIONS)
