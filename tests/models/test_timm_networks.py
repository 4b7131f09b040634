"""Timm's networks: listed without being built, prepared as timm does, checked weights or none."""

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform

from actviz_core.errors import DownloadError, UnknownModelError, WeightsError
from actviz_core.models import (
    Origin,
    list_models,
    list_weights,
    load_model,
    registry,
    start_weights_download,
    timm_networks,
)
from actviz_core.models.network import RANDOM
from actviz_core.models.preprocess import Frame
from actviz_core.models.timm_networks import TimmNetwork, timm_names
from actviz_core.settings import Settings
from actviz_core.system.downloads import JobState
from actviz_core.tasks import Task
from tests.support.loopback import served

# One for each way of preparing pictures and naming classes.
PREPARED = [
    "timm/resnet18",
    "timm/vit_base_patch16_224@augreg_in21k",
    "timm/convnext_base@clip_laion2b_augreg_ft_in12k_in1k_384",
    "timm/beit_large_patch16_512",
    "timm/deepseek_vit_412m",
    "timm/vit_base_patch16_sapiens2",
]


@pytest.fixture(autouse=True)
def empty_hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for cached weights in an empty folder."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def split(key: str) -> tuple[TimmNetwork, str]:
    network, weights = registry.find_network(key)
    assert isinstance(network, TimmNetwork)
    return network, weights


def test_all_of_timm_is_listed_by_family_after_the_rest(settings: Settings) -> None:
    listed = list_models(settings)
    of_timm = [model for model in listed if model.origin is Origin.TIMM]
    assert sorted(model.name for model in of_timm) == sorted(f"timm/{name}" for name in timm.list_models())
    assert tuple(of_timm) == listed[-len(of_timm) :]
    families = {model.name: model.family for model in of_timm}
    assert families["timm/vit_base_patch16_224"] == "timm: vision_transformer"
    assert families["timm/resnet18"] == "timm: resnet"


def test_without_timm_the_rest_works_and_its_keys_say_what_is_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "timm_is_installed", lambda: False)
    registry.listed.cache_clear()
    registry.timm_network.cache_clear()
    try:
        assert not any(model.origin is Origin.TIMM for model in list_models(settings))
        with pytest.raises(UnknownModelError, match=r"'timm/resnet18' needs timm.*pip install timm"):
            load_model("timm/resnet18@random", settings=settings)
    finally:
        registry.listed.cache_clear()


def test_an_unknown_name_gets_the_closest_of_timms(settings: Settings) -> None:
    with pytest.raises(UnknownModelError, match=r"no model 'timm/resnet81'\. Closest: timm/resnet18"):
        load_model("timm/resnet81", settings=settings)


def test_weights_are_timms_tags(settings: Settings) -> None:
    listed = list_weights("timm/resnet18", settings)
    assert (listed[0].key, listed[0].ready) == ("timm/resnet18@random", True)
    assert [w.key for w in listed if "@" not in w.key] == ["timm/resnet18"]
    tags = {w.name for w in listed[1:]}
    assert {f"resnet18.{tag}" for tag in tags} == set(timm.list_pretrained("resnet18"))
    assert {(w.accuracy, w.bytes, w.ready) for w in listed[1:]} == {(None, None, False)}


def test_other_sizes_are_told_in_the_title(settings: Settings) -> None:
    titles = {w.name: w.title for w in list_weights("timm/beit_large_patch16_512", settings)}
    assert titles["in22k_ft_in22k_in1k"] == "in22k_ft_in22k_in1k, 512 x 512 pixels"


def test_every_network_of_timm_has_a_default_and_a_preprocessing() -> None:
    kinds = set()
    for name in timm_names():
        network = TimmNetwork(name)
        assert network.default in network.weights_names()
        preprocess = network.preprocess(network.default)
        height, width = preprocess.size
        kinds.add((preprocess.frame, len(preprocess.resize), height == width))
    # Timm crops the middle of a square; what is not square is squashed, so that nothing else is needed.
    assert kinds == {
        (Frame.CROP, 1, True),
        (Frame.CROP, 2, True),
        (Frame.CROP, 2, False),
        (Frame.PAD, 2, True),
    }


@pytest.mark.parametrize("size", [(300, 200), (120, 333)])
@pytest.mark.parametrize("key", PREPARED)
def test_pictures_are_prepared_as_timm_does_bit_for_bit(key: str, size: tuple[int, int]) -> None:
    network, weights = split(key)
    configuration = network._configuration(weights).to_dict()
    resolve: Any = resolve_data_config  # timm leaves it untyped
    data = resolve({}, pretrained_cfg=configuration)
    pixels = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), np.uint8)
    image = Image.fromarray(pixels)
    expected = create_transform(**data, is_training=False)(image).unsqueeze(0)
    assert torch.equal(network.preprocess(weights)(image), expected)


def test_random_is_repeatable_and_prepared_and_named_as_the_default(settings: Settings) -> None:
    before = torch.get_rng_state()
    first, second = (load_model("timm/resnet18@random", settings=settings) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert (first.key, first.fingerprint) == ("timm/resnet18@random", second.fingerprint)
    network, weights = split("timm/resnet18")
    assert first.preprocess == network.preprocess(weights)
    assert first.classes == load_model("resnet18@random", settings=settings).classes


def test_features_have_no_classes_and_other_imagenets_have_theirs(settings: Settings) -> None:
    features = load_model("timm/vit_small_patch14_dinov2@random", settings=settings)
    assert (features.task, features.classes) == (Task.FEATURES, ())
    assert "names no classes" in features.note
    assert len(timm_networks.class_names(21841)) == 21841
    assert timm_networks.class_names(21843)[0] == "organism"
    assert timm_networks.class_names(512) == ()


def test_an_unfilled_network_takes_a_state_dict(settings: Settings) -> None:
    full = load_model("timm/resnet18@random", settings=settings)
    parts = split("timm/resnet18")[0].on_meta_device(settings)
    assert parts.module.get_parameter("conv1.weight").is_meta
    parts.module.load_state_dict(full.module.state_dict(), assign=True)
    assert not any(value.is_meta for value in parts.module.state_dict().values())


@pytest.fixture(scope="module")
def made() -> tuple[bytes, str]:
    """Weights of a small network whose first bias is 0, 1, 2, ..., as a file with its SHA-256."""
    with torch.random.fork_rng():
        torch.manual_seed(4)
        state = timm.create_model("test_convnext").state_dict()
    state["stem.0.bias"] = torch.arange(state["stem.0.bias"].numel(), dtype=torch.float32)
    content = save(state)
    return content, hashlib.sha256(content).hexdigest()


def test_missing_weights_say_what_to_do(settings: Settings) -> None:
    with pytest.raises(
        WeightsError, match=r"of timm/test_convnext are not on this machine\. .*download=True"
    ):
        load_model("timm/test_convnext", settings=settings)


def test_a_download_is_checked_kept_and_loaded(
    made: tuple[bytes, str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, digest = made
    with served(content) as server:
        url = server.url.replace("file.bin", "model.safetensors")
        monkeypatch.setattr(timm_networks, "published", lambda _cfg: (url, digest))
        status = start_weights_download("timm/test_convnext", settings).wait()
        assert (status.state, status.done_bytes) == (JobState.DONE, len(content))
        model = load_model("timm/test_convnext", settings=settings, download=True)
        assert len(server.asked) == 1
    assert model.module.get_parameter("stem.0.bias").tolist() == list(map(float, range(24)))
    weights = {w.key: w.ready for w in list_weights("timm/test_convnext", settings)}
    assert weights["timm/test_convnext"]
    (file,) = (settings.data / "weights" / "timm").iterdir()
    assert file.name == f"test_convnext.{split('timm/test_convnext')[1]}-{digest[:16]}.safetensors"
    file.write_bytes(content[:-1])
    with pytest.raises(WeightsError, match=f"{file.name} was altered or cut"):
        load_model("timm/test_convnext", settings=settings)


def test_what_the_hub_does_not_vouch_for_is_not_kept(
    made: tuple[bytes, str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(made[0]) as server:
        monkeypatch.setattr(timm_networks, "published", lambda _cfg: (server.url, "0" * 64))
        with pytest.raises(DownloadError, match="is not the expected file"):
            load_model("timm/test_convnext", settings=settings, download=True)
    assert not list((settings.data / "weights" / "timm").iterdir())


def test_weights_in_the_hubs_own_cache_are_found(
    made: tuple[bytes, str], settings: Settings, tmp_path: Path
) -> None:
    content, digest = made
    network, weights = split("timm/test_convnext")
    repository = tmp_path / "hub" / f"models--{network._configuration(weights).hf_hub_id.replace('/', '--')}"
    for folder in ("blobs", "refs", "snapshots/abc"):
        (repository / folder).mkdir(parents=True)
    (repository / "refs/main").write_text("abc")
    (repository / "blobs" / digest).write_bytes(content)
    (repository / "snapshots/abc/model.safetensors").symlink_to(f"../../blobs/{digest}")
    assert load_model("timm/test_convnext", settings=settings).key == "timm/test_convnext"
    (repository / "blobs" / digest).write_bytes(content[:-1])
    with pytest.raises(WeightsError, match=r"model\.safetensors was altered or cut"):
        load_model("timm/test_convnext", settings=settings)


def test_the_hub_tells_address_and_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = split("timm/resnet18")[0]._configuration(RANDOM)
    asked: list[str] = []

    def metadata(url: str) -> SimpleNamespace:
        asked.append(url)
        return SimpleNamespace(etag="ab" * 32)

    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", metadata)
    url, digest = timm_networks.published(configuration)
    assert (asked, digest) == ([url], "ab" * 32)
    assert url.endswith("/timm/resnet18.a1_in1k/resolve/main/model.safetensors")
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda _url: SimpleNamespace(etag="abc"))
    with pytest.raises(DownloadError, match="gives no SHA-256"):
        timm_networks.published(configuration)


def test_a_hub_that_cannot_be_reached_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_url: str) -> None:
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", unreachable)
    with pytest.raises(DownloadError, match=r"resnet18.a1_in1k \(Name or service not known\). Check the int"):
        timm_networks.published(split("timm/resnet18")[0]._configuration(RANDOM))


def test_weights_that_are_published_elsewhere_carry_their_checksum_in_the_name() -> None:
    network, weights = split("timm/legacy_seresnet18")
    url, digest = timm_networks.published(network._configuration(weights))
    assert url.endswith(f"/seresnet18-{digest}.pth")
    assert digest == "4bb0ce65"
    unchecked = split("timm/vit_huge_patch14_gap_224")[0]
    assert (unchecked.default, unchecked.weights_names()) == (RANDOM, (RANDOM,))


def test_what_timm_cannot_load_is_an_error_with_its_reason(settings: Settings) -> None:
    content = save({"stem.0.bias": torch.zeros(1)})
    folder = settings.data / "weights" / "timm"
    folder.mkdir(parents=True)
    digest = hashlib.sha256(content).hexdigest()
    tag = split("timm/test_convnext")[1]
    (folder / f"test_convnext.{tag}-{digest[:16]}.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match=r"timm cannot build timm/test_convnext: Error.*stem\.0\.weight"):
        load_model("timm/test_convnext", settings=settings)
