"""A server of the test's own: an empty data folder, no other settings, nothing remembered."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from torch import nn

from actviz_core.ui.shell.defaults import DEFAULT_MODEL
from actviz_core.workspace import networks
from actviz_core.workspace.shared import Workspace, shared_workspace
from tests.toy_models import model_of

SETTINGS = ("ACTVIZ_IMAGES", "ACTVIZ_MODELS", "ACTVIZ_CACHE_MB")


@pytest.fixture(scope="module", autouse=True)
def warm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the tests of a file share: a network is loaded, and a layer captured, once a file."""
    with pytest.MonkeyPatch.context() as patch:
        for name in SETTINGS:
            patch.delenv(name, raising=False)
        patch.setenv("ACTVIZ_DEVICE", "cpu")
        patch.setenv("ACTVIZ_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("torch")))
        shared_workspace.cache_clear()
        yield
    shared_workspace.cache_clear()


@pytest.fixture
def new_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Workspace]]:
    """Starts a server anew with settings of the test's own, given as environment variables."""

    def start(**environment: str) -> Workspace:
        monkeypatch.setenv("ACTVIZ_DATA", str(tmp_path / "data"))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        shared_workspace.cache_clear()
        return shared_workspace()

    yield start
    shared_workspace.cache_clear()


@pytest.fixture
def serve_toy(
    new_server: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Workspace]:
    """Starts a server on which a module of `toy_models` stands in for the default network."""

    def start(module: nn.Module) -> Workspace:
        model = model_of(module, key=DEFAULT_MODEL)
        monkeypatch.setattr(networks, "load_model", lambda _key, **_options: model)
        return new_server()

    return start
