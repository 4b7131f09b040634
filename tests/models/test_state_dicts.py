"""Files of weights: what is good is read exactly, nothing is ever run, and what is bad is said."""

import hashlib
import io
import json
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
from actviz_core.models.state_dicts import read_state_dict
from tests.models.payloads import (
    STATE,
    Calls,
    WholeNetwork,
    WritesWhenRestored,
    payloads,
    rewritten,
    saved,
    with_pickle,
)

ATTEMPTS = tuple(payloads(Path("marker")))
ARCHIVE = saved(STATE)
LEGACY = saved(STATE, legacy=True)
SAFETENSORS = safetensors.torch.save(STATE)


def the_pickle(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("archive/data.pkl")


@pytest.mark.parametrize("content", [ARCHIVE, LEGACY, SAFETENSORS], ids=["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("as_file", [False, True])
def test_every_format_is_known_by_its_content(tmp_path: Path, content: bytes, as_file: bool) -> None:
    path = tmp_path / "misleading.safetensors.txt"
    path.write_bytes(content)
    read = read_state_dict(path if as_file else content, path.name)
    assert list(read.tensors) == ["weight", "bias"] or content is SAFETENSORS
    assert {name: tensor.tolist() for name, tensor in read.tensors.items()} == {
        "weight": [[0, 1, 2], [3, 4, 5]],
        "bias": [1, 2],
    }
    assert read.sha256 == hashlib.sha256(content).hexdigest()
    assert (read.file_name, read.notes) == ("misleading.safetensors.txt", ())


@pytest.mark.parametrize("legacy", [False, True])
def test_every_dtype_is_read_bit_for_bit(legacy: bool) -> None:
    values = torch.tensor([0, 1, 2, 100])
    dtypes = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32)
    state = {str(dtype): values.to(dtype) for dtype in (*dtypes, torch.int8, torch.uint8, torch.bool)}
    read = read_state_dict(saved(state, legacy=legacy), "x.pt").tensors
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
    read = read_state_dict(moved, "gpu.pth").tensors
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
    read = read_state_dict(saved(checkpoint), "checkpoint.pth")
    assert torch.equal(read.tensors["weight"], network.weight)
    assert read.notes == ("Taken from state_dict.",)


def test_parameters_saved_as_such_are_read() -> None:
    network = nn.Linear(3, 2)
    read = read_state_dict(saved(dict(network.named_parameters())), "parameters.pt").tensors
    assert torch.equal(read["weight"], network.weight)


def test_tied_tensors_stay_tied() -> None:
    read = read_state_dict(saved({"a": STATE["weight"], "b": STATE["weight"]}), "tied.pt").tensors
    assert read["a"].data_ptr() == read["b"].data_ptr()


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_payload_runs_and_each_is_named(tmp_path: Path, attempt: str) -> None:
    marker = tmp_path / "marker"
    content, asked_for = payloads(marker)[attempt]
    (tmp_path / "net.pt").write_bytes(content)
    for source in (content, tmp_path / "net.pt"):
        with pytest.raises(WeightsFileError) as refusal:
            read_state_dict(source, "net.pt")
        assert "net.pt is refused, and nothing in it was run" in str(refusal.value)
        assert asked_for in str(refusal.value)
        assert "torch.save(model.state_dict()" in str(refusal.value)
        assert "safetensors" in str(refusal.value)
    assert not marker.exists()


def test_the_payloads_would_run_if_they_were_let(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    torch.load(io.BytesIO(payloads(marker)["eval"][0]), weights_only=False)
    assert marker.exists()


def test_names_that_torch_was_told_to_trust_are_refused_all_the_same(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    content = payloads(marker)["__setstate__"][0]
    with (
        torch.serialization.safe_globals([WritesWhenRestored, WholeNetwork, Calls]),
        pytest.raises(WeightsFileError, match=r"payloads\.WritesWhenRestored"),
    ):
        read_state_dict(content, "net.pt")
    assert not marker.exists()


@pytest.mark.parametrize(
    "greedy",
    [Calls(torch.Tensor, 10**6, 10**6), Calls(bytearray, 10**12), Calls(torch.UntypedStorage, 10**12)],
)
def test_what_torch_trusts_but_takes_any_memory_is_refused(greedy: Calls) -> None:
    with pytest.raises(
        WeightsFileError, match=r"would import (torch\.Tensor|builtins\.bytearray|torch\.storage)"
    ):
        read_state_dict(saved({**STATE, "x": greedy}), "net.pt")


def test_a_scripted_network_is_refused() -> None:
    content = rewritten(ARCHIVE, lambda _, old: old, constants=pickle.dumps(()))
    with pytest.raises(WeightsFileError, match=r"net\.pt is refused.*TorchScript archive.*state_dict"):
        read_state_dict(content, "net.pt")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
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
        read_state_dict(content, "net.pt")


def test_bytes_changed_anywhere_end_in_weights_or_in_a_message() -> None:
    chance = random.Random(0)  # noqa: S311 - not for secrets
    pickled = the_pickle(ARCHIVE)
    refused = 0
    for number in range(400):
        content = bytearray((ARCHIVE, LEGACY, SAFETENSORS, pickled)[number % 4])
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            read_state_dict(
                bytes(content) if number % 4 < 3 else with_pickle(ARCHIVE, bytes(content)), "net.pt"
            )
        except WeightsFileError:
            refused += 1
    assert 200 < refused < 400


@pytest.mark.parametrize("content", [ARCHIVE, LEGACY, SAFETENSORS], ids=["zip", "legacy", "safetensors"])
def test_a_file_cut_anywhere_is_refused(content: bytes) -> None:
    for length in [*range(1, len(content), 37), len(content) - 1]:
        with pytest.raises(WeightsFileError, match=r"net\.pt (is damaged|is neither)"):
            read_state_dict(content[:length], "net.pt")


def test_a_changed_byte_in_the_values_of_an_archive_is_noticed() -> None:
    place = ARCHIVE.index(struct.pack("<6f", *range(6)))
    changed = ARCHIVE[:place] + b"\x01" + ARCHIVE[place + 1 :]
    with pytest.raises(WeightsFileError, match=r"checksum of archive/data/0 is wrong"):
        read_state_dict(changed, "net.pt")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(WeightsFileError, match=r"net\.pt cannot be read: No such file"):
        read_state_dict(tmp_path / "net.pt", "net.pt")


def test_a_file_above_the_limit_is_not_read() -> None:
    with pytest.raises(WeightsFileError, match=r"ACTVIZ_WEIGHTS_MB.*without the optimizer"):
        read_state_dict(ARCHIVE, "net.pt", max_bytes=len(ARCHIVE) - 1)
    assert read_state_dict(ARCHIVE, "net.pt", max_bytes=len(ARCHIVE)).file_name == "net.pt"


def test_a_compressed_archive_is_refused_before_it_is_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("archive/data.pkl", the_pickle(ARCHIVE))
        bomb.writestr("archive/data/0", b"\0" * 50_000_000)
    assert len(buffer.getvalue()) < 100_000
    with pytest.raises(WeightsFileError, match=r"is compressed or encrypted"):
        read_state_dict(buffer.getvalue(), "bomb.pt")


def test_an_archive_that_claims_more_than_the_file_is_refused() -> None:
    """All records of the table point to the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bomb:
        bomb.writestr("archive/data.pkl", the_pickle(ARCHIVE))
        bomb.writestr("archive/data/0", b"\0" * 10_000)
        for index in range(1, 50):
            bomb.filelist.append(zipfile.ZipInfo(f"archive/data/{index}"))
            for field in ("header_offset", "file_size", "compress_size", "CRC"):
                setattr(bomb.filelist[-1], field, getattr(bomb.filelist[1], field))
    with pytest.raises(WeightsFileError, match=r"bomb\.pt is refused: it claims to hold 500,\d+ bytes"):
        read_state_dict(buffer.getvalue(), "bomb.pt")


@pytest.mark.parametrize("legacy", [False, True])
def test_a_tensor_that_claims_more_than_its_bytes_is_refused(legacy: bool) -> None:
    content = saved(STATE, legacy=legacy)
    six, lots = b"K\x06", b"J\xff\xff\xff\x7f"  # the number of elements in the storage
    if legacy:
        end = content.index(struct.pack("<q6f", 6, *range(6)))
        changed = content[:end].replace(six, lots, 1) + content[end:]
    else:
        changed = with_pickle(content, the_pickle(content).replace(six, lots, 1))
    assert lots in changed
    with pytest.raises(WeightsFileError, match=r"8,589,934,588 bytes|its tensors take 8,589,934,596 bytes"):
        read_state_dict(changed, "net.pt")


def test_a_tensor_larger_than_its_storage_is_refused() -> None:
    changed = the_pickle(ARCHIVE).replace(b"K\x02K\x03\x86", b"K\x62K\x63\x86", 1)
    with pytest.raises(WeightsFileError, match=r"net\.pt is damaged"):
        read_state_dict(with_pickle(ARCHIVE, changed), "net.pt")


def test_an_old_file_that_leaves_memory_unfilled_is_refused() -> None:
    """Its list of storages names one of two: torch would hand out whatever the memory held."""
    keys = pickle.dumps([], 2)
    end = LEGACY.rindex(b"\x80\x02]")
    body = LEGACY[:end] + keys + LEGACY[LEGACY.index(struct.pack("<q", 2), end) :]
    with pytest.raises(WeightsFileError, match="list of storages is not that of its tensors"):
        read_state_dict(body, "net.pt")


def test_values_repeated_without_bytes_are_refused() -> None:
    with pytest.raises(
        WeightsFileError, match=r"weight claims 4,000,000,000 bytes, but repeats the same 4\."
    ):
        read_state_dict(saved({"weight": torch.ones(1).expand(10**9)}), "net.pt")


def test_more_structure_than_any_checkpoint_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actviz_core.models.pickle_scan.MAX_OPCODES", 1000)
    assert list(read_state_dict(ARCHIVE, "net.pt").tensors) == ["weight", "bias"]
    with pytest.raises(WeightsFileError, match="more than 1,000 steps"):
        read_state_dict(saved({**STATE, "x": [[] for _ in range(600)]}), "net.pt")


def test_two_archives_in_one_file_are_refused() -> None:
    """Readers that look for the table in different places would see different pickles."""
    plain = rewritten(ARCHIVE, lambda _, old: old)
    assert list(read_state_dict(plain, "net.pt").tensors) == ["weight", "bias"]
    for content in (ARCHIVE + ARCHIVE, b"PK\x03\x04" + ARCHIVE, ARCHIVE + b"\0" * 30, plain + plain):
        with pytest.raises(WeightsFileError, match=r"net\.pt is damaged.*archive('s| has)"):
            read_state_dict(content, "net.pt")


def test_two_records_of_one_name_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as double:
        double.writestr("archive/data.pkl", the_pickle(ARCHIVE))
        double.writestr("archive/DATA.pkl", the_pickle(ARCHIVE))
    with pytest.raises(WeightsFileError, match="two of its records have the same name"):
        read_state_dict(buffer.getvalue(), "net.pt")


def header(length: int, **entries: object) -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", length or len(text)) + text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (header(2**63, x=1), "claims a safetensors header of 9,223,372,036,854,775,808 bytes"),
        (
            header(0, x={"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}),
            "damaged or cut short",
        ),
        (header(0, x={"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 0]}), "damaged or cut short"),
        (
            header(0, x={"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}) + b"\0" * 8,
            "damaged or cut short",
        ),
        (struct.pack("<Q", 1 + 10**5) + b"{" + b"[" * 10**5, "damaged or cut short"),
    ],
)
def test_safetensors_that_lie_are_refused(content: bytes, why: str) -> None:
    with pytest.raises(WeightsFileError, match=why):
        read_state_dict(content, "net.safetensors")


def test_safetensors_with_one_name_twice_are_refused() -> None:
    entry = b'"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'
    text = b"{" + entry + b"," + entry + b"}"
    with pytest.raises(WeightsFileError, match="two tensors have the same name"):
        read_state_dict(struct.pack("<Q", len(text)) + text + b"\0", "net.safetensors")


def test_a_tar_of_the_first_torch_is_refused() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("storages"))
    with pytest.raises(WeightsFileError, match=r"is a tar archive"):
        read_state_dict(buffer.getvalue(), "net.pt")


def test_names_are_shown_as_plain_text() -> None:
    name = "a\x1b[31m\n\u202eb" + "c" * 200
    read = read_state_dict(ARCHIVE, name)
    assert read.file_name == "a [31m b" + "c" * 71 + "…"
    with pytest.raises(WeightsFileError, match=r"^a \[31m bc+… is empty"):
        read_state_dict(b"", name)
