"""The processes that share a sweep, by torch.distributed; a process by itself is the only rank."""

import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import torch
from torch import distributed

from actviz_core.errors import SweepError

T = TypeVar("T")


def is_shared() -> bool:
    """Whether torch.distributed joins this process with others."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def rank() -> int:
    """The number of this process; the first, 0, writes what all of them found."""
    return distributed.get_rank() if is_shared() else 0


def world() -> int:
    """How many processes there are."""
    return distributed.get_world_size() if is_shared() else 1


def started_by_torchrun() -> bool:
    """Whether torchrun started this process together with others."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and "MASTER_ADDR" in os.environ


def local_device(device: str) -> str:
    """The device of this process: with ``cuda``, each process of a machine has one of its own.

    Raises `SweepError` where the machine has fewer.
    """
    if device != "cuda" or not started_by_torchrun():
        return device
    number, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if number >= there:
        raise SweepError(
            f"This machine has {there} CUDA devices, and more processes were started on it. Start it with "
            f"--nproc-per-node {there}, or set ACTVIZ_DEVICE to cpu."
        )
    return f"cuda:{number}"


@contextmanager
def joined(device: str) -> Iterator[None]:
    """Join the processes that torchrun started, with nccl on ``cuda`` and gloo elsewhere."""
    if not started_by_torchrun():
        yield
        return
    on_cuda = device.startswith("cuda")
    if on_cuda:
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if on_cuda else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def gathered(value: T) -> list[T]:
    """Every rank's value on the first rank, in their order; an empty list on the others."""
    if not is_shared():
        return [value]
    values: list[T | None] | None = [None] * world() if rank() == 0 else None
    distributed.gather_object(value, values)
    return cast("list[T]", values or [])


def on_first(work: Callable[[], T]) -> T:
    """Do work on the first rank alone; every rank gets what it returns, or raises what it raised."""
    if not is_shared():
        return work()
    told: list[object] = [None, None]
    if rank() == 0:
        try:
            told[0] = work()
        except Exception as error:
            told[1] = that_travels(error)
    distributed.broadcast_object_list(told)
    if isinstance(told[1], Exception):
        raise told[1]
    return cast("T", told[0])


def that_travels(error: Exception) -> Exception:
    """The error, or one with its text where it cannot be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # what this line itself has pickled
    except Exception:
        return SweepError(str(error))
    return error
