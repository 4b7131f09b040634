"""Settings whose folders are the test's own, and pictures that cannot be shown."""

from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from actviz_core.settings import Settings
from actviz_core.system.downloads import shared_downloads

# The same names in every run; a slow machine is no failure.
hypothesis_settings.register_profile(
    "project", max_examples=300, deadline=None, derandomize=True, database=None
)
hypothesis_settings.load_profile("project")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is only run on demand."""
    if "kills" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("kills")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def no_downloads_of_other_tests() -> None:
    """A server remembers how its downloads ended; every test starts without such memories."""
    shared_downloads.cache_clear()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with an empty data folder, and ``pictures`` as the team's folder, not made yet."""
    return Settings(
        data=tmp_path / "data", images=tmp_path / "pictures", models=(), cache_bytes=2**20, device="cpu"
    )
