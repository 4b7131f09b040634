"""The compare board: several activations side by side in one figure, zoomed and coloured together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.analysis import Summary, ValueRange, channel_statistics, percentile_range
from actviz_core.figures.board_contents import (
    BoardPanel,
    Content,
    Show,
    channel_content,
    grid_content,
    summary_content,
)
from actviz_core.figures.board_places import TITLE_PIXELS, Place, panel_width, places, row_limit
from actviz_core.figures.canvas import (
    COLOR_BAR_PIXELS,
    MARGIN,
    Options,
    color_bar,
    color_bar_above,
    draw,
    drawing_height,
    legend_note,
    message_figure,
)
from actviz_core.figures.channel_map import own_limits
from actviz_core.figures.color_range import CLIPPED, ColorRange
from actviz_core.figures.colors import Colors, is_centred, resolve
from actviz_core.figures.markup import plain
from actviz_core.figures.pictures import stretched_image

LETTER_PIXELS = 7.5
"""About how wide a letter of a panel's title is."""

MESSAGE_PIXELS = 120
"""Height of a panel that only holds a message."""

COMPONENTS = "red, green, blue: each panel's own principal components, and their shares of its variation"

SHARED = "one range for all panels: colours can be compared"
SHARED_WITH_GRID = "the grid's range, one for all panels: colours can be compared"
OWN = "each panel is coloured by itself: compare patterns, not colours"

NOTE_ROOM = 700
"""Pixels of a figure that has room for such a note beside the colour bar."""

INSET = 24
"""Pixels from a panel's left to its colour bar, whose first number reaches beyond its end."""


def compare_board(
    panels: Sequence[BoardPanel],
    *,
    show: Show = Show.GRID,
    orders: Sequence[npt.ArrayLike | None] | None = None,
    channel: int = 0,
    summary: Summary | None = Summary.MEAN,
    opacity: float | None = None,
    colors: Colors = Colors.AUTO,
    value_range: ValueRange = ValueRange.SHARED,
    which: str = "",
    width: int = 1060,
) -> go.Figure:
    """Draw all panels in one figure: side by side up to three, four in two rows, more in rows of three.

    Each panel has axes of its own (``x``, ``x2``, ...). Those of panels with the same layout of cells are
    matched, so that zooming and moving one moves all of them. A panel's first trace bears its title as `name`
    and holds the true values: of a grid as `tile_traces` says, with titles that can be clicked; of one
    channel or a summary as a heatmap of shape (H, W). Principal components are a picture.

    Args:
        panels: numbers of channels and sizes of maps may differ; a panel without the channel says so.
        show: the grid of channels, one channel, or a summary of all.
        orders: which channels each panel's grid shows, in display order; None is all of them.
        channel: which one, to show one channel.
        summary: which one, to show a summary; None is the first three principal components as colours.
        opacity: of a channel or summary over the panel's picture, 0 to 1; None leaves the picture out.
        colors: the colour scale.
        value_range: `SHARED` is one range for all panels, with one colour bar; `CHANNEL` is each panel's own,
            each with its bar; a note says which. `PERCENTILE` is shared, without the most extreme values.
            In a grid, ranges come from all channels of a layer, whether shown or not; one channel keeps the
            shared range that its tiles have in the grid.
        which: what is said of a grid's channels, beside how many of all they are, where it leaves some out.
        width: about how wide the figure will be drawn, in pixels; decides its height and the room for titles.

    Raises:
        ShapeError: if the maps of a panel are not three-dimensional or hold no value, or if it lacks a
            channel of its order.

    """
    if not panels:
        return message_figure("No panel to show.")
    across, limit = round(panel_width(len(panels), width)), row_limit(len(panels), width)
    match show:
        case Show.GRID:
            each = [None] * len(panels) if orders is None else orders
            contents = [
                grid_content(panel, order, which=which, width=across, limit=limit)
                for panel, order in zip(panels, each, strict=True)
            ]
        case Show.CHANNEL:
            contents = [channel_content(panel, channel) for panel in panels]
        case Show.SUMMARY:
            contents = [summary_content(panel, summary) for panel in panels]
    own_range = value_range is ValueRange.CHANNEL
    below_title = COLOR_BAR_PIXELS if own_range and any(c.values is not None for c in contents) else 0
    spots, height = places(
        [_height(content, across, limit) for content in contents],
        width=width,
        heading=TITLE_PIXELS + below_title,
    )
    scales, legend = _scales(contents, spots, colors, value_range, width=width)
    top = COLOR_BAR_PIXELS if legend or not own_range else MARGIN
    traces: list[Options] = []
    annotations: list[dict[str, Any]] = []
    images: list[Options] = []
    axes: dict[str, Any] = {}
    leaders: dict[object, Place] = {}
    metas: list[Options] = []
    for number, (panel, content, spot, scale) in enumerate(zip(panels, contents, spots, scales, strict=True)):
        annotations += _words(panel, content, spot, raised=below_title)
        if content.layout is None:
            continue
        over = None if opacity is None or show is Show.GRID else panel.image
        first, *others = content.draw(scale, 1.0 if over is None or opacity is None else opacity)
        traces += [spot.put(trace) for trace in (first | {"name": plain(panel.title)}, *others)]
        metas.append(content.panel(scale) | {"x": spot.axis("x"), "y": spot.axis("y"), "number": number})
        here = {"xref": spot.axis("x"), "yref": spot.axis("y")}
        if over is not None:
            images.append(stretched_image(over, *content.cells) | here)
        axes |= spot.axes(content.axes, follows=leaders.get(content.layout))
        leaders.setdefault(content.layout, spot)
    annotations += [legend_note(legend)] if legend else []
    return draw(
        traces,
        height=height + top + MARGIN,
        top=top,
        annotations=annotations,
        images=images,
        meta={"panels": metas},
        **axes,
    )


def _height(content: Content, width: int, limit: int) -> int:
    """Pixels that a panel's drawing is high."""
    if content.layout is None:
        return MESSAGE_PIXELS
    return drawing_height(*content.cells, width=width + 2 * MARGIN, limit=limit)


def _words(panel: BoardPanel, content: Content, spot: Place, *, raised: int) -> list[dict[str, Any]]:
    """What is written above a panel, or in it if there is nothing else."""
    room = int(spot.width / LETTER_PIXELS) - len(content.detail)
    title = panel.title if len(panel.title) <= room else f"{panel.title[: max(room - 1, 1)]}…"
    heading = f"<b>{plain(title)}</b>" + (f"  {content.detail}" if content.detail else "")
    words = [spot.note(heading, raised=raised + 3, size=13, hovertext=plain(panel.title))]
    if content.message:
        words.append(spot.message(content.message))
    return words


def _scales(
    contents: Sequence[Content],
    spots: Sequence[Place],
    colors: Colors,
    value_range: ValueRange,
    *,
    width: int,
) -> tuple[list[ColorRange], str]:
    """The colours of each panel, with what to say of them all."""
    colored = [content for content in contents if content.values is not None]
    if not colored:
        nothing_to_scale = ColorRange(Colors.GREYS, 0.0, 1.0)
        drawn = any(content.layout is not None for content in contents)
        return [nothing_to_scale] * len(contents), COMPONENTS if drawn else ""
    if value_range is ValueRange.CHANNEL:
        own = [_own_scale(content, spot, colors) for content, spot in zip(contents, spots, strict=True)]
        return own, OWN if len(colored) > 1 else ""
    palette = resolve(colors, signed=any(content.signed for content in colored))
    centred, legend = is_centred(palette), ""
    if value_range is ValueRange.PERCENTILE:
        joined = np.concatenate(
            [content.values.reshape(-1) for content in colored if content.values is not None]
        )
        ends = percentile_range(joined[None, None], channel_statistics(joined[None, None]), centred=centred)
        legend = CLIPPED
    else:
        lows, highs = zip(*(content.layer_ends or content.ends for content in colored), strict=True)
        ends = own_limits(min(lows), max(highs), centred=centred)
        said = SHARED if colored[0].layer_ends is None else SHARED_WITH_GRID
        legend = said if len(colored) > 1 and width >= NOTE_ROOM else ""
    bar = color_bar_above(width=width, ends=ends)
    return [
        ColorRange(palette, *ends, bar if content is colored[0] else None) for content in contents
    ], legend


def _own_scale(content: Content, spot: Place, colors: Colors) -> ColorRange:
    """Colours of one panel by itself, with their bar below its title."""
    palette = resolve(colors, signed=content.signed)
    ends = own_limits(*content.ends, centred=is_centred(palette))
    pixel = (spot.right - spot.left) / spot.width  # in fractions of the area
    place = {"x": spot.left + INSET * pixel, "len": (0.8 * spot.width - INSET) * pixel}
    bar = color_bar(ends=ends, y=spot.top, yanchor="bottom", **place)
    return ColorRange(palette, *ends, bar)
