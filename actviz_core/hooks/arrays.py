"""Tensors of every kind as arrays."""

from typing import Any

import numpy as np
import torch
from torch import Tensor


def as_stored(tensor: Tensor) -> np.ndarray[Any, np.dtype[Any]]:
    """The tensor as an NPZ file can hold it: in its own type where numpy has that, dense, and on the CPU.

    Of quantized values the numbers that they stand for. bfloat16 and float8 become float32, and complex32
    becomes complex64, which hold them exactly.
    """
    tensor = tensor.detach().cpu()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    tensor = tensor.resolve_conj().resolve_neg()
    if tensor.is_complex() and tensor.dtype is torch.complex32:
        tensor = tensor.to(torch.complex64)
    elif tensor.is_floating_point() and tensor.dtype not in (torch.float16, torch.float32, torch.float64):
        tensor = tensor.float()
    return np.asarray(tensor.numpy(), order="C")
