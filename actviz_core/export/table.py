"""The statistics of channels as a CSV file."""

import csv
import dataclasses
import io
from collections.abc import Mapping

import numpy as np

from actviz_core.analysis import ChannelStatistics
from actviz_core.names import Panel

_NUMBERS = tuple(field.name for field in dataclasses.fields(ChannelStatistics))


def statistics_csv(statistics: Mapping[Panel, ChannelStatistics]) -> bytes:
    """One row a channel: model, image, call, channel, its word, and every number of `ChannelStatistics`.

    The word is that of `Strength`, as the pages say it: silent, nearly silent, weak, strong or unknown.

    UTF-8 with a header line and nothing else, as pandas reads it. Numbers have all their digits, a missing
    one is an empty cell, truth values are True and False. Texts that a spreadsheet would take for a formula
    begin with an apostrophe.
    """
    content = io.StringIO(newline="")
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(["model", "image", "call", "channel", "strength", *_NUMBERS])
    for panel, numbers in statistics.items():
        texts = [harmless(text) for text in (panel.model_key, panel.image_id, panel.call)]
        count = len(numbers)
        columns = [
            np.broadcast_to(getattr(numbers, name), count).tolist() for name in ("strength", *_NUMBERS)
        ]
        for channel, row in enumerate(zip(*columns, strict=True)):
            writer.writerow([*texts, channel, *("" if value != value else value for value in row)])
    return content.getvalue().encode()


def harmless(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula, and runs it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
