"""Settings: defaults, values that work, and messages for those that do not."""

from pathlib import Path

import pytest
import torch

from actviz_core.errors import SettingsError
from actviz_core.settings import read_settings


def test_nothing_set_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    settings = read_settings({})
    assert settings.data == Path.home() / ".cache" / "actviz"
    assert (settings.images, settings.models) == (None, ())
    assert (settings.cache_bytes, settings.device) == (512 * 10**6, "cpu")
    assert settings.weights_bytes == 2000 * 10**6
    assert (settings.uploads_bytes, settings.wait_seconds) == (500 * 10**6, 30)
    assert settings.runs_bytes == 10_000 * 10**6


def test_every_variable_is_read(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "ACTVIZ_DATA": str(tmp_path / "not yet there"),
            "ACTVIZ_IMAGES": str(tmp_path),
            "ACTVIZ_MODELS": "team.nets:small, team.nets:large,",
            "ACTVIZ_CACHE_MB": " 64 ",
            "ACTVIZ_DEVICE": "cpu",
            "ACTVIZ_WEIGHTS_MB": "300",
            "ACTVIZ_UPLOADS_MB": "40",
            "ACTVIZ_WAIT_S": "5",
            "ACTVIZ_RUNS_MB": "50",
        }
    )
    assert settings.data == tmp_path / "not yet there"
    assert settings.images == tmp_path
    assert settings.models == ("team.nets:small", "team.nets:large")
    assert (settings.cache_bytes, settings.device) == (64 * 10**6, "cpu")
    assert settings.weights_bytes == 300 * 10**6
    assert (settings.uploads_bytes, settings.wait_seconds) == (40 * 10**6, 5)
    assert settings.runs_bytes == 50 * 10**6


def test_blank_counts_as_unset() -> None:
    assert read_settings({"ACTVIZ_CACHE_MB": " ", "ACTVIZ_IMAGES": ""}) == read_settings({})


def test_the_home_folder_can_be_written_as_a_tilde() -> None:
    assert read_settings({"ACTVIZ_DATA": "~/pictures"}).data == Path.home() / "pictures"


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(2, True, "cuda"), (0, True, "mps"), (0, False, "cpu")]
)
def test_the_default_device_is_the_fastest_there_is(
    monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert read_settings({}).device == expected


def test_one_of_several_gpus_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert read_settings({"ACTVIZ_DEVICE": "cuda:1"}).device == "cuda:1"
    with pytest.raises(SettingsError, match=r"'cuda:2'.*it can be: cuda, cuda:0, cuda:1, .*cpu"):
        read_settings({"ACTVIZ_DEVICE": "cuda:2"})


def test_an_unknown_device_is_named_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(SettingsError, match=r"ACTVIZ_DEVICE is 'cuda'.*it can be: .*cpu"):
        read_settings({"ACTVIZ_DEVICE": "cuda"})


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "lots", "²", "9" * 10])
def test_a_cache_size_must_be_a_positive_whole_number(value: str) -> None:
    with pytest.raises(SettingsError, match=f"ACTVIZ_CACHE_MB is '{value}'.*such as 512"):
        read_settings({"ACTVIZ_CACHE_MB": value})


def test_the_space_for_weights_must_be_a_positive_whole_number() -> None:
    with pytest.raises(SettingsError, match=r"ACTVIZ_WEIGHTS_MB is '2 GB'.*such as 2000"):
        read_settings({"ACTVIZ_WEIGHTS_MB": "2 GB"})


@pytest.mark.parametrize("name", ["ACTVIZ_DATA", "ACTVIZ_IMAGES"])
def test_a_file_is_no_folder(tmp_path: Path, name: str) -> None:
    file = tmp_path / "picture.png"
    file.touch()
    with pytest.raises(SettingsError, match=rf"{name} is .*picture\.png.*no folder"):
        read_settings({name: str(file)})


@pytest.mark.parametrize("value", ["~nobody-of-that-name/x", "a" * 5000])
def test_a_path_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"ACTVIZ_DATA is .*Set it to a folder's path"):
        read_settings({"ACTVIZ_DATA": value})
