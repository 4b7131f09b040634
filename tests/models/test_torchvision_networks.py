"""Torchvision's networks: weights found, checked and downloaded, never random in the place of trained."""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import (
    GoogLeNet,
    ResNet18_Weights,
    ResNet50_Weights,
    get_model,
    get_model_weights,
    resnet18,
)

from actviz_core.errors import DownloadError, WeightsError
from actviz_core.models import find_weights_download, list_weights, load_model, start_weights_download
from actviz_core.models import torchvision_networks as networks
from actviz_core.models.building import seeded
from actviz_core.settings import Settings
from actviz_core.system.jobs import JobState
from tests.support.loopback import served


@dataclass(frozen=True)
class Published:
    """A weights file as its publisher has it: named after its own SHA-256."""

    name: str
    content: bytes
    state: dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def made() -> Published:
    """Weights of a `resnet18` whose first bias is 0, 1, 2, ..."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        module = resnet18()
    module.bn1.bias.data = torch.arange(64.0)
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    digest = hashlib.sha256(file.getvalue()).hexdigest()
    return Published(f"resnet18-{digest[:8]}.pth", file.getvalue(), module.state_dict())


@pytest.fixture
def published(made: Published, monkeypatch: pytest.MonkeyPatch) -> Published:
    """The made weights in the place of torchvision's, at an address nobody answers."""
    monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", f"http://127.0.0.1:1/{made.name}")
    return made


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that downloads."""
    asked: list[object] = []
    monkeypatch.setattr(networks, "download", lambda *_, **__: asked.append(1))
    yield
    assert not asked


def place(folder: Path, published: Published, content: bytes | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / published.name).write_bytes(published.content if content is None else content)
    return folder / published.name


def test_weights_are_listed_with_accuracy_and_size(settings: Settings) -> None:
    random, old, new = list_weights("resnet50", settings)
    assert [w.key for w in (random, old, new)] == ["resnet50@random", "resnet50@IMAGENET1K_V1", "resnet50"]
    assert [w.title.replace("\xa0", " ") for w in (random, old, new)] == [
        "random (untrained)",
        "IMAGENET1K_V1, 76.1 %, 103 MB",
        "IMAGENET1K_V2, 80.9 %, 103 MB",
    ]
    assert (random.accuracy, random.bytes, random.ready) == (None, 0, True)
    assert new.accuracy == pytest.approx(0.80858)
    assert new.bytes == round(97.79 * 2**20)
    assert (old.ready, new.ready) == (False, False)


@pytest.mark.usefixtures("no_download")
@pytest.mark.parametrize("folder", ["data/weights", "torch/hub/checkpoints"])
def test_weights_on_disk_are_found_and_loaded(
    published: Published, settings: Settings, tmp_path: Path, folder: str
) -> None:
    place(tmp_path / folder, published)
    assert list_weights("resnet18", settings)[1].ready
    model = load_model("resnet18", settings=settings)
    state = model.module.state_dict()
    assert list(state) == list(published.state)
    assert all(torch.equal(state[name], value) for name, value in published.state.items())
    assert not model.module.training
    assert model.classes == tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


@pytest.mark.usefixtures("no_download")
def test_weights_that_are_not_on_disk_are_an_error_that_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(
        WeightsError,
        match=r"of resnet50 are not on this machine \(103 MB\).*download button.*"
        r"load_model\('resnet50', download=True\).*resnet50@random \(untrained\)",
    ):
        load_model("resnet50@IMAGENET1K_V2", settings=settings)


@pytest.mark.parametrize("damage", ["one bit", "cut", "empty"])
@pytest.mark.usefixtures("no_download")
def test_an_altered_file_is_named_with_the_way_back(
    published: Published, settings: Settings, tmp_path: Path, damage: str
) -> None:
    content = bytearray(published.content)
    content[1000] ^= 1
    wrong = {"one bit": bytes(content), "cut": published.content[:-1], "empty": b""}[damage]
    place(tmp_path / "data/weights", published, wrong)
    with pytest.raises(
        WeightsError, match=rf"{published.name} was altered or cut.*load_model\('resnet18', download=True\)"
    ):
        load_model("resnet18", settings=settings)


@pytest.mark.usefixtures("no_download")
def test_a_damaged_file_does_not_hide_a_good_one(
    published: Published, settings: Settings, tmp_path: Path
) -> None:
    place(tmp_path / "data/weights", published, b"damaged")
    place(tmp_path / "torch/hub/checkpoints", published)
    bias = load_model("resnet18", settings=settings).module.get_parameter("bn1.bias")
    assert torch.equal(bias, torch.arange(64.0))


@pytest.mark.parametrize("content", ["another network", "a pickled object"])
def test_a_file_of_something_else_is_refused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    file = io.BytesIO()
    torch.save({"conv1.weight": torch.zeros(1)} if content == "another network" else nn.ReLU(), file)
    name = f"resnet18-{hashlib.sha256(file.getvalue()).hexdigest()[:8]}.pth"
    monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", f"http://127.0.0.1:1/{name}")
    place(tmp_path / "data/weights", Published(name, file.getvalue(), {}))
    with pytest.raises(WeightsError, match=f"{name} holds no weights of resnet18"):
        load_model("resnet18", settings=settings)


@pytest.mark.parametrize("before", [None, b"damaged"])
def test_a_download_ends_in_the_data_folder_and_loads(
    published: Published,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: bytes | None,
) -> None:
    if before is not None:
        place(tmp_path / "data/weights", published, before)
    with served(published.content) as server:
        url = server.url.replace("file.bin", published.name)
        monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", url)
        job = start_weights_download("resnet18@IMAGENET1K_V1", settings)
        assert find_weights_download("resnet18") is job
        status = job.wait()
        assert (status.state, status.error) == (JobState.DONE, None)
        assert status.done_bytes == status.total_bytes == len(published.content)
        assert load_model("resnet18", settings=settings, download=True).key == "resnet18"
        assert len(server.asked) == 1
    assert (tmp_path / "data/weights" / published.name).read_bytes() == published.content


def test_loading_with_download_fetches_what_is_missing(
    published: Published, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(published.content) as server:
        url = server.url.replace("file.bin", published.name)
        monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", url)
        model = load_model("resnet18", settings=settings, download=True)
    assert torch.equal(model.module.get_parameter("bn1.bias"), torch.arange(64.0))


def test_a_download_that_fails_is_an_error_and_no_random_network(
    published: Published, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(published.content, status=404) as server:
        url = server.url.replace("file.bin", published.name)
        monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", url)
        with pytest.raises(DownloadError, match="answered 404"):
            load_model("resnet18", settings=settings, download=True)
        failed = find_weights_download("resnet18")
        assert failed is not None
        assert failed.state is JobState.FAILED
    assert not (tmp_path / "data/weights" / published.name).exists()


def test_random_is_seeded_and_has_the_class_names(settings: Settings) -> None:
    first, second = (load_model("resnet18@random", settings=settings) for _ in range(2))
    assert (first.key, first.fingerprint) == ("resnet18@random", second.fingerprint)
    assert first.classes == tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
    assert first.classes[207] == "golden retriever"
    newest = load_model("resnet50@random", settings=settings)
    assert newest.classes == tuple(ResNet50_Weights.IMAGENET1K_V2.meta["categories"])


def test_random_values_are_torchvisions_own_after_its_manual_seed(settings: Settings) -> None:
    state = load_model("resnet18@random", settings=settings).module.state_dict()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = resnet18().state_dict()
    assert list(state) == list(expected)
    assert all(torch.equal(value, expected[name]) for name, value in state.items())


# A family each, and those whose builders want something; seeds are the same for all of torchvision's.
@pytest.mark.parametrize(
    "name",
    ["squeezenet1_1", "mobilenet_v3_small", "regnet_y_400mf", "googlenet", "lraspp_mobilenet_v3_large"],
)
def test_random_is_the_same_every_time_whatever_the_global_state_is(name: str, settings: Settings) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        before = torch.get_rng_state()
        first = load_model(f"{name}@random", settings=settings)
        assert torch.equal(torch.get_rng_state(), before)
        torch.rand(3)
        assert load_model(f"{name}@random", settings=settings).fingerprint == first.fingerprint
    weights = first.module.state_dict().values()
    assert max(float(value.float().std()) for value in weights if value.numel() > 1000) > 0.01


def published_as(name: str, state: dict[str, torch.Tensor], folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Put a state dict where the default weights of a network are looked for."""
    file = io.BytesIO()
    torch.save(state, file)
    file_name = f"{name}-{hashlib.sha256(file.getvalue()).hexdigest()[:8]}.pth"
    patch.setattr(get_model_weights(name)["DEFAULT"].value, "url", f"http://127.0.0.1:1/{file_name}")
    place(folder / "data/weights", Published(file_name, file.getvalue(), {}))


def test_densenets_old_names_are_understood(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = load_model("densenet121@random", settings=settings).module.state_dict()
    state["features.denseblock2.denselayer3.norm1.bias"].fill_(3)
    old = {re.sub(r"(denselayer\d+\.(norm|conv))([12])\.", r"\1.\3.", name): v for name, v in state.items()}
    assert "features.denseblock2.denselayer3.norm.1.bias" in old
    published_as("densenet121", old, tmp_path, monkeypatch)
    module = load_model("densenet121", settings=settings).module
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


def test_googlenets_untrained_auxiliary_classifiers_are_left_out_as_torchvision_does(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = seeded(lambda: get_model("googlenet", weights=None, init_weights=False), 1).state_dict()
    published_as("googlenet", full, tmp_path, monkeypatch)
    model = load_model("googlenet", settings=settings)
    assert isinstance(model.module, GoogLeNet)
    found = [getattr(model.module, name) for name in ("aux1", "aux_logits", "transform_input")]
    assert found == [None, False, True]
    assert torch.equal(model.module.get_parameter("fc.bias"), full["fc.bias"])
    untrained = load_model("googlenet@random", settings=settings).module
    assert isinstance(untrained, GoogLeNet)
    assert (untrained.aux1, untrained.transform_input) == (None, True)
