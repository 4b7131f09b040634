"""Files of weights: what is good is read exactly, nothing is ever run, and what is bad is said."""

import io
import pickle
import random
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from actviz_core.errors import WeightsFileError
from tests.support.hostile_weights import safetensors_header
from tests.support.payloads import STATE, payloads, rewritten, saved, touching, with_pickle
from tests.weights.reading import read_here

ATTEMPTS = tuple(payloads(Path("marker")))
ARCHIVE = saved(STATE)
LEGACY = saved(STATE, legacy=True)
SAFETENSORS = safetensors.torch.save(STATE)


def the_pickle(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("archive/data.pkl")


@pytest.mark.parametrize("content", [ARCHIVE, LEGACY, SAFETENSORS], ids=["zip", "legacy", "safetensors"])
def test_every_format_is_known_by_its_content(content: bytes) -> None:
    read = read_here(content, "misleading.safetensors.txt")
    assert {name: tensor.tolist() for name, tensor in read.tensors.items()} == {
        "weight": [[0, 1, 2], [3, 4, 5]],
        "bias": [1, 2],
    }
    assert read.notes == ()


@pytest.mark.parametrize("legacy", [False, True])
def test_every_dtype_is_read_bit_for_bit(legacy: bool) -> None:
    values = torch.tensor([0, 1, 2, 100])
    dtypes = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32)
    state = {str(dtype): values.to(dtype) for dtype in (*dtypes, torch.int8, torch.uint8, torch.bool)}
    read = read_here(saved(state, legacy=legacy), "x.pt").tensors
    assert all(
        torch.equal(read[name], tensor) and read[name].dtype == tensor.dtype for name, tensor in state.items()
    )


@pytest.mark.parametrize("legacy", [False, True])
def test_what_was_saved_on_a_gpu_comes_to_the_cpu(legacy: bool) -> None:
    content = saved(STATE, legacy=legacy)
    on_gpu = b"X\x06\x00\x00\x00cuda:3"
    on_cpu = b"X\x03\x00\x00\x00cpu"
    moved = (
        content.replace(on_cpu, on_gpu)
        if legacy
        else with_pickle(content, the_pickle(content).replace(on_cpu, on_gpu))
    )
    assert b"cuda:3" in moved
    read = read_here(moved, "gpu.pth").tensors
    assert read["weight"].device == torch.device("cpu")
    assert torch.equal(read["weight"], STATE["weight"])


def test_a_checkpoint_with_optimizer_and_scheduler_is_read() -> None:
    torch.manual_seed(0)
    network = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])
    checkpoint = {
        "epoch": 3,
        "state_dict": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": scheduler.state_dict(),
    }
    read = read_here(saved(checkpoint), "checkpoint.pth")
    assert torch.equal(read.tensors["weight"], network.weight)
    assert read.notes == ("Taken from state_dict.",)


def test_parameters_saved_as_such_are_read() -> None:
    network = nn.Linear(3, 2)
    read = read_here(saved(dict(network.named_parameters())), "parameters.pt").tensors
    assert torch.equal(read["weight"], network.weight)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_payload_runs_and_each_is_named(tmp_path: Path, attempt: str) -> None:
    marker = tmp_path / "marker"
    content, asked_for = payloads(marker)[attempt]
    with pytest.raises(WeightsFileError) as refusal:
        read_here(content, "net.pt")
    assert "net.pt is refused, and nothing in it was run" in str(refusal.value)
    assert asked_for in str(refusal.value)
    assert "torch.save(model.state_dict()" in str(refusal.value)
    assert "safetensors" in str(refusal.value)
    assert not marker.exists()


def test_the_payloads_would_run_if_they_were_let(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    torch.load(io.BytesIO(payloads(marker)["eval"][0]), weights_only=False)
    assert marker.exists()


def test_a_further_pickle_is_never_looked_at(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    for place in ("extra", "data__extra"):
        content = rewritten(ARCHIVE, lambda _, old: old, **{place: pickle.dumps(touching(marker))})
        assert torch.equal(read_here(content, "net.pt").tensors["bias"], STATE["bias"])
    assert not marker.exists()


@pytest.mark.parametrize(
    ("tensor", "why"),
    [
        (torch.eye(3).to_sparse(), "no dense tensor"),
        (torch.ones(3, device="meta"), "no dense tensor"),
    ],
)
def test_what_is_no_dense_tensor_is_said(tensor: torch.Tensor, why: str) -> None:
    with pytest.raises(WeightsFileError, match=f"net.pt holds x, which is {why}"):
        read_here(saved({**STATE, "x": tensor}), "net.pt")


def test_tied_and_turned_tensors_come_with_values_of_their_own() -> None:
    values = STATE["weight"]
    read = read_here(saved({"a": values, "b": values, "c": values.T, "d": values[:, 1]}), "tied.pt").tensors
    assert torch.equal(read["a"], values)
    assert torch.equal(read["b"], values)
    assert torch.equal(read["c"], values.T)
    assert torch.equal(read["d"], values[:, 1])


def test_a_scripted_network_is_refused() -> None:
    content = rewritten(ARCHIVE, lambda _, old: old, constants=pickle.dumps(()))
    with pytest.raises(WeightsFileError, match=r"net\.pt is refused.*TorchScript archive.*state_dict"):
        read_here(content, "net.pt")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x00" * 100, "neither a safetensors file nor"),
        (b"hello", "neither a safetensors file nor"),
        (pickle.dumps({"weight": [1.0, 2.0]}), "neither a safetensors file nor"),
        (saved([STATE]), "holds no state dict.*it holds a list"),
        (saved(STATE["bias"]), "holds no state dict.*it holds a single tensor"),
        (saved({}), "holds no state dict.*an empty dict"),
        (saved({0: STATE["bias"]}), "holds no state dict.*names that are no text"),
        (saved({**STATE, "epoch": 3}), r"among its tensors are entries that are none: epoch \(int\)"),
        (
            saved({"model": {**STATE, "extra": "x"}}),
            r"among its tensors are entries that are none: extra \(str\)",
        ),
        (
            saved({"weights": STATE, "epoch": 3}),
            "neither at the top nor in state_dict, model.*holds weights, epoch",
        ),
    ],
)
def test_what_is_no_weights_file_is_said(content: bytes, why: str) -> None:
    with pytest.raises(WeightsFileError, match=f"net.pt .*{why}"):
        read_here(content, "net.pt")


def test_bytes_changed_anywhere_end_in_weights_or_in_a_message() -> None:
    chance = random.Random(0)  # noqa: S311 - not for secrets
    pickled = the_pickle(ARCHIVE)
    refused = 0
    for number in range(400):
        content = bytearray((ARCHIVE, LEGACY, SAFETENSORS, pickled)[number % 4])
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            read_here(bytes(content) if number % 4 < 3 else with_pickle(ARCHIVE, bytes(content)), "net.pt")
        except WeightsFileError:
            refused += 1
    assert 200 < refused < 400


@pytest.mark.parametrize("content", [ARCHIVE, LEGACY, SAFETENSORS], ids=["zip", "legacy", "safetensors"])
def test_a_file_cut_anywhere_is_refused(content: bytes) -> None:
    for length in [*range(1, len(content), 37), len(content) - 1]:
        with pytest.raises(WeightsFileError, match=r"net\.pt (is damaged|is neither)"):
            read_here(content[:length], "net.pt")


def test_a_changed_byte_in_the_values_of_an_archive_is_noticed() -> None:
    place = ARCHIVE.index(struct.pack("<6f", *range(6)))
    changed = ARCHIVE[:place] + b"\x01" + ARCHIVE[place + 1 :]
    with pytest.raises(WeightsFileError, match=r"checksum of archive/data/0 is wrong"):
        read_here(changed, "net.pt")


def test_a_tensor_larger_than_its_storage_is_refused() -> None:
    changed = the_pickle(ARCHIVE).replace(b"K\x02K\x03\x86", b"K\x62K\x63\x86", 1)
    with pytest.raises(WeightsFileError, match=r"net\.pt is damaged"):
        read_here(with_pickle(ARCHIVE, changed), "net.pt")


def test_values_repeated_without_bytes_are_refused() -> None:
    with pytest.raises(
        WeightsFileError, match=r"weight claims 4,000,000,000 bytes, but repeats the same 4\."
    ):
        read_here(saved({"weight": torch.ones(1).expand(10**9)}), "net.pt")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (safetensors_header({"x": 1}, 2**63), "damaged or cut short"),
        (
            safetensors_header({"x": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}),
            "damaged or cut short",
        ),
        (
            safetensors_header({"x": {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 0]}}),
            "damaged or cut short",
        ),
        (
            safetensors_header({"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}) + b"\0" * 8,
            "damaged or cut short",
        ),
        (struct.pack("<Q", 1 + 10**5) + b"{" + b"[" * 10**5, "damaged or cut short"),
    ],
)
def test_safetensors_that_lie_are_refused(content: bytes, why: str) -> None:
    with pytest.raises(WeightsFileError, match=why):
        read_here(content, "net.safetensors")


def test_a_tar_of_the_first_torch_is_refused() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("storages"))
    with pytest.raises(WeightsFileError, match=r"is a tar archive"):
        read_here(buffer.getvalue(), "net.pt")
