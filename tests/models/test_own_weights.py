"""Uploaded weights are kept by content, found after a restart, named and deleted."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from torch import nn

from actviz_core.errors import UnknownModelError, WeightsError, WeightsFileError
from actviz_core.models.own_weights import OwnWeights
from tests.models.toy_uploads import files, network, upload
from tests.support.payloads import saved
from tests.weights.reading import read_here


def test_what_is_added_is_found_after_a_restart(store: OwnWeights) -> None:
    content = saved({"state_dict": {f"module.{k}": v for k, v in network().state_dict().items()}})
    digest = hashlib.sha256(content).hexdigest()
    entry = store.add(read_here(content, "net.pt"), "toy", network(1))
    assert (entry.key, entry.sha256) == (f"toy@{digest[:12]}", digest)
    assert (entry.name, entry.file_name) == ("net.pt", "net.pt")
    assert entry.notes == ("Taken from state_dict.", "Removed module. in front of every name.")
    assert files(store) == [f"toy/{digest}.json", f"toy/{digest}.safetensors"]
    again = OwnWeights(store.folder, 10**6)
    assert again.entries() == (entry,)
    assert again.find("toy", digest[:12]) == entry
    loaded = again.load(entry)
    assert loaded.keys() == network().state_dict().keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in network().state_dict().items())


def test_what_is_stored_is_a_safetensors_file_with_its_checksum(store: OwnWeights) -> None:
    entry = store.add(upload(), "toy", network())
    path = store.folder / "toy" / f"{entry.sha256}.safetensors"
    assert torch.equal(safetensors.torch.load_file(path)["0.bias"], network().state_dict()["0.bias"])
    assert (entry.stored_sha256, entry.bytes) == (
        hashlib.sha256(path.read_bytes()).hexdigest(),
        path.stat().st_size,
    )


def test_weights_are_stored_in_the_networks_dtypes(store: OwnWeights) -> None:
    half = network().half().state_dict()
    with torch.device("meta"):
        bare = network()
    entry = store.add(read_here(saved(half), "half.pt"), "toy", bare)
    assert entry.notes == ("Converted 6 tensors from float16 to float32.",)
    loaded = store.load(entry)
    assert loaded["0.weight"].dtype == torch.float32
    assert torch.equal(loaded["0.weight"], half["0.weight"].float())


def test_tied_and_turned_tensors_are_stored_with_their_own_values(store: OwnWeights) -> None:
    square = nn.ParameterDict({name: nn.Parameter(torch.zeros(2, 2)) for name in ("a", "b", "c")})
    values = torch.arange(4.0).reshape(2, 2)
    tied = read_here(saved({"a": values, "b": values, "c": values.T}), "tied.pt")
    loaded = store.load(store.add(tied, "toy", square))
    assert torch.equal(loaded["a"], values)
    assert torch.equal(loaded["b"], values)
    assert torch.equal(loaded["c"], values.T)


def test_what_does_not_fit_is_not_kept(store: OwnWeights) -> None:
    with pytest.raises(
        WeightsFileError, match=r"net\.pt is not for other\. The weights do not fit: 2 names only here"
    ):
        store.add(upload(), "other", nn.Linear(3, 2))
    assert files(store) == []


def test_one_file_can_belong_to_two_architectures(store: OwnWeights) -> None:
    first, second = (store.add(upload(), name, network()) for name in ("timm/toy.a1", "../toy"))
    assert (first.key, second.key) == (f"timm/toy.a1@{first.weights}", f"../toy@{first.weights}")
    assert {path.parent for path in store.folder.glob("*/*")} == {
        store.folder / "timm%2Ftoy%2Ea1",
        store.folder / "%2E%2E%2Ftoy",
    }
    assert store.entries("timm/toy.a1") == (first,)
    assert store.entries() == (second, first)
    store.delete(first)
    assert store.entries() == (second,)


@pytest.mark.parametrize("weights", ["0" * 12, "../../secret", "*" * 12, "abc", "", "x" * 5000])
def test_links_to_what_is_not_there_are_answered(store: OwnWeights, weights: str) -> None:
    entry = store.add(upload(), "toy", network())
    with pytest.raises(
        UnknownModelError, match=rf"no uploaded weights toy@.*There are: {entry.key} \(net\.pt\)"
    ):
        store.find("toy", weights)
    with pytest.raises(UnknownModelError, match="Upload the file again: it gets the same key"):
        store.find("y" * 5000, weights)


def test_digits_that_two_files_begin_with_are_ambiguous(store: OwnWeights) -> None:
    one, two = (
        store.add(replace(upload(seed), sha256="abc0" * 3 + str(seed) * 52), "toy", network())
        for seed in (1, 2)
    )
    with pytest.raises(
        UnknownModelError, match=rf"can be any of {one.sha256}, {two.sha256}\. Write more digits"
    ):
        store.find("toy", "abc0" * 3)
    assert store.find("toy", "abc0" * 3 + "2") == two


def test_the_same_file_from_two_people_at_once_is_one_entry(store: OwnWeights) -> None:
    barrier = threading.Barrier(4)
    content, module = saved(network().state_dict()), network()

    def add(number: int) -> object:
        own = OwnWeights(store.folder, 10**6)
        read = read_here(content, f"{number}.pt")
        barrier.wait()
        return own.add(read, "toy", module)

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(add, range(4)))
    assert added.count(added[0]) == 4
    assert store.entries() == (added[0],)
    assert len(files(store)) == 2


def test_names_are_plain_text_and_can_be_changed(store: OwnWeights) -> None:
    entry = store.add(upload(), "toy", network(), name="run\x00 3\n")
    assert entry.name == "run 3"
    renamed = store.rename(entry, " best\x1b[1m\u202e " + "x" * 100)
    assert renamed.name == "best [1m " + "x" * 70 + "…"
    assert OwnWeights(store.folder, 10**6).find("toy", entry.weights) == renamed
    with pytest.raises(WeightsError, match="no visible character"):
        store.rename(entry, " \n\t")
    assert store.add(upload(), "toy", network(), name="other") == renamed


def test_deleted_is_deleted(store: OwnWeights) -> None:
    entry = store.add(upload(), "toy", network())
    store.delete(entry)
    store.delete(entry)
    assert (files(store), store.entries(), store.used_bytes()) == ([], (), 0)
    with pytest.raises(WeightsError, match="was deleted in the meantime"):
        store.rename(entry, "new")
    with pytest.raises(WeightsError, match=r"cannot be read: .*No such file.*Upload net\.pt again"):
        store.load(entry)
