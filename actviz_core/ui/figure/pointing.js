// Pointing at a cell marks the same place of the picture in every tile of every figure, and in the sidebar.
import { cellAt, clickOn, originOf, panelsOf, tileAt } from "./cells.js";
import { boxOf, pixelsOf } from "./marks.js";
import { cellsOf, flipped, partOf } from "./places.js";

const IN_HAND = ".st-key-picture_in_hand img";

const figures = new Set();
let pointed = null; // { figure, panel, cell, part }
let pinned = null; // the same, of the place that the link names

export function join(figure) {
  figures.add(figure);
  figure.plot.addEventListener("pointermove", (event) => onMove(figure, event));
  figure.plot.addEventListener("pointerleave", () => setPointed(null));
}

export function leave(figure) {
  figures.delete(figure);
  if (pointed?.figure === figure) pointed = null;
  if (pinned?.figure === figure) pinned = null;
  showAll();
}

// Take note of the place that a figure, just drawn, was given, and mark it.
export function pin(figure) {
  const chosen = figure.drawing.layout.meta?.chosen;
  const panel = chosen && panelsOf(figure.drawing)[chosen.panel];
  if (panel?.part)
    pinned = placeOf(figure, panel, { index: chosen.index ?? 0, row: chosen.row, column: chosen.column });
  else if (pinned?.figure === figure) pinned = null;
  if (pointed?.figure === figure) pointed = null;
  showAll();
}

const placeOf = (figure, panel, cell) => ({
  figure,
  panel,
  cell,
  part: panel.part ? partOf(panel, cell) : null,
});

function onMove(figure, event) {
  if (!figure.drawn || event.buttons) return;
  setPointed(placeUnder(figure, event));
}

// What a click there tells the page; null where no cell and no title is.
export function clickedCell(figure, event) {
  const place = placeUnder(figure, event, tileAt);
  return place && clickOn(place.panel, panelsOf(figure.drawing).indexOf(place.panel), place.cell);
}

function placeUnder(figure, { clientX, clientY }, at = cellAt) {
  const frame = figure.plot.getBoundingClientRect();
  const [x, y] = [clientX - frame.left, clientY - frame.top];
  for (const panel of panelsOf(figure.drawing)) {
    const pixels = pixelsOf(figure.plot, panel);
    if (!pixels) continue;
    const column = Math.round((x - pixels.left) / pixels.wide);
    const row = Math.round((y - pixels.top) / pixels.high);
    const cell = isOn(pixels.x, x) && isOn(pixels.y, y) && at(panel, row, column);
    if (cell) return placeOf(figure, panel, cell);
  }
  return null;
}

const isOn = ({ _offset: from, _length: length }, at) => at >= from && at <= from + length;

function setPointed(place) {
  const same = (key) => place?.cell[key] === pointed?.cell[key];
  if (place?.panel === pointed?.panel && ["index", "row", "column"].every(same)) return;
  pointed = place;
  showAll();
}

function showAll() {
  const place = pointed ?? pinned;
  for (const figure of figures) if (figure.drawn) show(figure, place);
  showInHand(place);
}

function show(figure, place) {
  const boxes = [];
  const labels = [];
  for (const panel of place ? panelsOf(figure.drawing) : []) {
    const named = panel === pointed?.panel && panel.labels;
    const cells = place.part && panel.part && cellsOf(panel, place.part);
    const pixels = (cells || named) && pixelsOf(figure.plot, panel);
    if (!pixels) continue;
    if (named) {
      const tile = {
        rows: { first: 0, last: panel.tile[0] - 1 },
        columns: { first: 0, last: panel.tile[1] - 1 },
      };
      const box = boxOf(panel, pixels, place.cell.index, tile);
      if (box) labels.push({ text: panel.labels[place.cell.index], box });
    }
    if (!cells) continue;
    panel.items.forEach((item, index) => {
      const box = boxOf(panel, pixels, index, cells);
      if (!box) return;
      boxes.push(box);
      const isOther =
        panel !== place.panel &&
        item === (panel.items.length > 1 ? place.panel.items[place.cell.index] : item);
      const text = isOther && valueIn(figure, panel, index, cells);
      if (text) labels.push({ text, box });
    });
  }
  figure.marks.show(boxes);
  figure.marks.label(labels);
}

// What a panel's label says: the value of the cell, after the name of the tile where there are several.
function valueIn(figure, panel, index, { rows, columns }) {
  const onPanel = (trace) => trace.type === "heatmap" && trace.xaxis === panel.x;
  const heatmap = figure.plot._fullData.find(onPanel);
  if (!heatmap) return "";
  const [top, left] = originOf(panel, index);
  const value = heatmap[panel.values]?.[top + rows.middle]?.[left + columns.middle];
  if (value === undefined) return "";
  const written = Number.isNaN(value) ? "not a number" : String(Number(Number(value).toPrecision(5)));
  return panel.items.length > 1 ? `${panel.kind} ${panel.items[index]}: ${written}` : written;
}

function showInHand(place) {
  const picture = document.querySelector(IN_HAND);
  if (!picture) return;
  const box = picture.parentElement;
  let mark = box.querySelector(".figure-in-hand");
  const hand = place?.part && place.figure.about.hand;
  if (!hand || hand.picture !== place.panel.part.picture) return mark?.remove();
  if (!mark) {
    mark = box.appendChild(Object.assign(document.createElement("div"), { className: "figure-in-hand" }));
    box.style.position = "relative";
  }
  const [left, top, right, bottom] = flipped(place.part, hand);
  const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = picture;
  Object.assign(mark.style, {
    left: `${offsetLeft + left * offsetWidth}px`,
    top: `${offsetTop + top * offsetHeight}px`,
    width: `${(right - left) * offsetWidth}px`,
    height: `${(bottom - top) * offsetHeight}px`,
  });
}
