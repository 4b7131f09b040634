// From a cell to the part of the picture that it stands for, and back to the cells of another panel.
//
// A part of the picture is [left, top, right, bottom] in fractions of it. A panel's `part` says which picture,
// which `box` of it the map covers, and whether the map is `mirrored`.

export function partOf(panel, { row, column }) {
  const [height, width] = panel.tile;
  const [left, top, right, bottom] = panel.part.box;
  const across = (at) => left + (at / width) * (right - left);
  const down = (at) => top + (at / height) * (bottom - top);
  return flipped([across(column), down(row), across(column + 1), down(row + 1)], panel.part);
}

// First and last row and column of the cells whose middle lies in the part, or of the one cell around its
// middle, and that cell itself; null where the map does not reach.
export function cellsOf(panel, part) {
  const [height, width] = panel.tile;
  const [left, top, right, bottom] = panel.part.box;
  const [x0, y0, x1, y1] = flipped(part, panel.part);
  const rows = spanOf(((y0 - top) / (bottom - top)) * height, ((y1 - top) / (bottom - top)) * height, height);
  const columns = spanOf(
    ((x0 - left) / (right - left)) * width,
    ((x1 - left) / (right - left)) * width,
    width,
  );
  return rows && columns && { rows, columns };
}

export function flipped([left, top, right, bottom], { mirrored }) {
  return mirrored ? [1 - right, top, 1 - left, bottom] : [left, top, right, bottom];
}

function spanOf(from, to, count) {
  const tiny = 1e-6; // of a cell: rounding may not move a mark
  const middle = Math.floor((from + to) / 2 + tiny);
  if (middle < 0 || middle >= count) return null;
  const first = Math.ceil(from - 0.5 - tiny);
  const last = Math.floor(to - 0.5 - 2 * tiny);
  return {
    first: Math.max(0, Math.min(first, middle)),
    last: Math.min(count - 1, Math.max(last, middle)),
    middle,
  };
}
