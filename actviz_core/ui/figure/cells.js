// Where the tiles of a figure lie, as `layout.meta` says: from a place on the canvas to a cell, and back.
//
// A panel has `items` as tiles of `tile` [rows, columns] cells in reading order, `across` of them side by side,
// `pitch` [down, right] cells from one to the next, each below `title` empty rows, on the axes `x` and `y`.

export const panelsOf = (drawing) => drawing.layout.meta?.panels ?? [];

// What lies at a row and column of the canvas: the tile's index, and row and column in the tile. Rows of the
// title, which is above the tile, are below 0.
export function tileAt(panel, y, x) {
  const [down, right] = panel.pitch;
  const [height, width] = panel.tile;
  const tileRow = Math.floor(y / down);
  const tileColumn = Math.floor(x / right);
  const row = y - tileRow * down - panel.title;
  const column = x - tileColumn * right;
  const index = tileRow * panel.across + tileColumn;
  const inside = row < height && column >= 0 && column < width && tileColumn < panel.across;
  return inside && index >= 0 && index < panel.items.length ? { index, row, column } : null;
}

// The same for cells alone.
export function cellAt(panel, y, x) {
  const tile = tileAt(panel, y, x);
  return tile && tile.row >= 0 ? tile : null;
}

// Canvas row and column of a tile's first cell.
export function originOf(panel, index) {
  const [down, right] = panel.pitch;
  return [Math.floor(index / panel.across) * down + panel.title, (index % panel.across) * right];
}

// What a click on a cell of a panel, or on a title, tells the page.
export const clickOn = (panel, number, { index, row, column }) => ({
  item: panel.items[index],
  place: row < 0 ? null : [row, column],
  panel: panel.number ?? number,
});

// The same for a point of plotly's click event, which stands for its item; null for what is no point.
export function pointOf(drawing, { curveNumber, pointNumber }) {
  const trace = drawing.data[curveNumber];
  const panels = panelsOf(drawing);
  const number = panels.findIndex(({ x, y }) => x === (trace.xaxis ?? "x") && y === (trace.yaxis ?? "y"));
  if (number < 0 || trace.type !== "scatter") return null;
  const panel = panels[number];
  return { item: panel.items[pointNumber], place: null, panel: panel.number ?? number };
}
