"""Small runs with several parts."""

import pytest

from actviz_core.sweep import planning


@pytest.fixture
def parts_of_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small runs have several parts too."""
    monkeypatch.setattr(planning, "PART", 8)
