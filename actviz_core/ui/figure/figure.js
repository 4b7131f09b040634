// Draws one figure in its place, and again in the same place whenever it changes.
import { pointOf } from "./cells.js";
import { addKeys, rest } from "./keys.js";
import { loadPlotly } from "./library.js";
import { addMarks } from "./marks.js";
import { clickedCell, join, leave, pin } from "./pointing.js";
import { addPoints } from "./points.js";
import { onPress } from "./press.js";
import { addSelecting } from "./selecting.js";
import { dressed, themeOf } from "./theme.js";
import { addTools } from "./tools.js";

const CONFIG = { displayModeBar: false, scrollZoom: false, doubleClick: "reset", showTips: false };
const PATIENCE = 8_000; // milliseconds until it is said that plotly.js has not arrived
const DOUBLE_CLICK = 300; // milliseconds, plotly's

const mounted = new Map();

export default function ({ parentElement, data, setTriggerValue }) {
  const figure = mounted.get(parentElement) ?? mount(parentElement.querySelector(".figure"));
  mounted.set(parentElement, figure);
  figure.tell = (click) => setTriggerValue("clicked", click);
  figure.select = (outline) => setTriggerValue("selected", outline);
  update(figure, data);
  return () => {
    mounted.delete(parentElement);
    figure.unmount();
  };
}

function mount(root) {
  const plot = document.createElement("div");
  plot.className = "figure-plot";
  root.prepend(plot);
  const figure = { root, plot, words: root.querySelector(".figure-words") };
  figure.marks = addMarks(root);
  const tools = addTools(figure);
  figure.points = addPoints(figure, (item) => choose(figure, { item, place: null, panel: 0 }));
  figure.selecting = addSelecting(figure);
  addKeys(figure);
  join(figure);
  const releasing = onPress(
    plot,
    (event) => figure.drawn && (clickedCell(figure, event) ?? figure.points.pressed(event)),
    (cell) => choose(figure, cell),
  );
  let width = root.clientWidth;
  const observer = new ResizeObserver(() => {
    if (root.clientWidth === width || !figure.drawn) return;
    width = root.clientWidth;
    paint(figure, figure.plotly.relayout(plot, { autosize: true })).then(() => pin(figure));
  });
  observer.observe(root);
  figure.unmount = () => {
    figure.gone = true;
    leave(figure);
    figure.marks.remove();
    figure.points.remove();
    observer.disconnect();
    tools.remove();
    releasing.abort();
    const free = () => {
      figure.plotly?.purge(plot);
      plot.remove();
    };
    if (figure.painting) figure.painting.then(free);
    else free();
  };
  return figure;
}

// Remembers what plotly is drawing: it stumbles over a figure that is freed meanwhile.
function paint(figure, drawing) {
  figure.painting = drawing.catch(() => {});
  return drawing;
}

async function update(figure, bytes) {
  const theme = themeOf(figure.root);
  const same = figure.bytes && isEqual(figure.bytes, bytes);
  if (same && figure.theme.name === theme.name) return;
  if (!same) {
    const { about, figure: drawing } = JSON.parse(new TextDecoder().decode(bytes));
    Object.assign(figure, { bytes, about, wanted: drawing, version: (figure.version ?? 0) + 1 });
  }
  figure.theme = theme;
  const { about, wanted: drawing, plot, root } = figure;
  root.dataset.state = "waiting";
  root.style.height = `${drawing.layout.height}px`;
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", about.alt);
  const say = (words) => {
    figure.words.textContent = words;
  };
  const late = setTimeout(say, PATIENCE, root.dataset.missing);
  try {
    figure.plotly = await loadPlotly(about.plotly);
    if ([root.dataset.missing, root.dataset.failed].includes(figure.words.textContent)) say("");
  } catch {
    say(root.dataset.missing);
    return;
  } finally {
    clearTimeout(late);
  }
  if (figure.gone || figure.wanted !== drawing || figure.theme !== theme) return;
  figure.drawing = drawing; // not before: what is seen until then answers as what it is
  const layout = { ...figure.selecting.dress(dressed(drawing.layout, theme)), uirevision: figure.version };
  if (document.fullscreenElement === root) layout.height = window.innerHeight;
  try {
    await paint(figure, figure.plotly.react(plot, drawing.data, layout, CONFIG));
  } catch (error) {
    console.warn("figure:", error);
    say(root.dataset.failed);
    return;
  }
  if (figure.gone || figure.wanted !== drawing) return;
  if (!figure.drawn) {
    plot.on("plotly_click", (event) => onPoint(figure, event));
    plot.on("plotly_relayout", () => pin(figure));
    plot.on("plotly_doubleclick", () => clearTimeout(figure.clicking));
    figure.selecting.listen();
  }
  figure.drawn = true;
  if (figure.at && !same) rest(figure);
  if (!same) figure.points.rest();
  pin(figure);
  root.dataset.state = "drawn";
}

// Cells and titles answer by where they lie: plotly forgets what is under the pointer whenever it draws anew,
// and then drops the click. Other points have no extent; for them plotly says which one is near.
function onPoint(figure, { points, event }) {
  const point = !clickedCell(figure, event) && pointOf(figure.drawing, points[0]);
  if (point) choose(figure, point);
}

function choose(figure, click) {
  if (!figure.about.clickable) return;
  if (!isZoomed(figure.plot)) return figure.tell(click);
  // A second click resets a figure that was zoomed into: then the first one chooses nothing.
  clearTimeout(figure.clicking);
  figure.clicking = setTimeout(() => figure.tell(click), DOUBLE_CLICK);
}

function isZoomed({ _fullLayout: layout }) {
  const axes = Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
  return axes.some((name) => {
    const { range, _rangeInitial0: first, _rangeInitial1: last } = layout[name];
    return Math.abs(range[0] - first) + Math.abs(range[1] - last) > 1e-6;
  });
}

function isEqual(one, other) {
  return one === other || (one.length === other.length && one.every((byte, i) => byte === other[i]));
}
