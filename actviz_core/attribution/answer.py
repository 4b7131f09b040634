"""A network as attribution methods need it: one picture to one row of class values, counting its passes."""

import threading
from collections.abc import Callable

import torch
from torch import Tensor, nn

from actviz_core.errors import StoppedError, TargetError
from actviz_core.hooks.target import answer_of

# A class, or two: the first rather than the second.
Question = int | tuple[int, int]
# Told how many passes are done, and how many there will be.
Progress = Callable[[int, int], None]


class Answer(nn.Module):
    """Runs ``network`` and gives its class values, of shape (N, classes); for two classes their difference.

    Values of further axes, as a segmentation has them, are summed. Every pass is reported, and one that is
    asked for after ``stop`` was set raises `StoppedError`.
    """

    def __init__(
        self,
        network: nn.Module,
        question: Question,
        total: int,
        progress: Progress | None,
        stop: threading.Event | None,
    ) -> None:
        super().__init__()
        self.network = network
        self.training = False
        self.column = 0 if isinstance(question, tuple) else question
        self._question = question
        self._total = total
        self.done = 0
        self._progress = progress
        self._stop = stop

    def forward(self, x: Tensor) -> Tensor:
        """The class values of pictures (N, C, H, W). Raises `StoppedError` and `TargetError`."""
        if self._stop is not None and self._stop.is_set():
            raise StoppedError("Stopped before it was done.")
        values = class_table(self.network(x))
        check_classes(values, self._question)
        if isinstance(self._question, tuple):
            first, second = self._question
            values = values[:, [first]] - values[:, [second]]
        self.passed()
        return values

    def passed(self) -> None:
        """Report that a pass is done, here or elsewhere; ``done`` counts them."""
        self.done += 1
        if self._progress is not None:
            self._progress(min(self.done, self._total), self._total)


def class_table(output: object) -> Tensor:
    """The answer's class values of shape (N, classes); what lies in further axes is summed."""
    answer = answer_of(output)
    if answer.dim() < 2:
        raise TargetError(f"An answer of shape {tuple(answer.shape)} has no classes; (N, classes) is needed.")
    return answer if answer.dim() == 2 else answer.flatten(2).sum(2)


def check_classes(values: Tensor, question: Question) -> None:
    """Raise `TargetError` for a class that is not among the columns of (N, classes)."""
    count = values.shape[1]
    for target in question if isinstance(question, tuple) else (question,):
        if not 0 <= target < count:
            raise TargetError(f"There is no class {target}: the network has the classes 0 to {count - 1}.")


def number_of_question(output: object, question: Question) -> Tensor:
    """The value that a question is about, of one picture's answer: shape ()."""
    values = class_table(output)
    check_classes(values, question)
    if isinstance(question, tuple):
        return torch.sub(values[0, question[0]], values[0, question[1]])
    return values[0, question]
