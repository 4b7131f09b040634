// A figure without a mouse: arrow keys walk from tile to tile, Enter chooses, Escape leaves.
import { panelsOf } from "./cells.js";
import { boxOf, pixelsOf } from "./marks.js";

const STEPS = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (panel) => -panel.across,
  ArrowDown: (panel) => panel.across,
};

export function addKeys(figure) {
  const { plot } = figure;
  plot.tabIndex = 0;
  plot.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !figure.drawn) return;
    const panels = panelsOf(figure.drawing);
    if (event.key in STEPS && panels.some((panel) => panel.items.length > 1 || panel.labels))
      walk(figure, panels, event.key);
    else if ((event.key === "Enter" || event.key === " ") && figure.at && figure.about.clickable)
      choose(figure, panels);
    else if (event.key === "Escape" && figure.at) rest(figure);
    else if (event.key === "Escape" && !document.fullscreenElement) plot.blur();
    else return;
    event.preventDefault();
  });
  plot.addEventListener("blur", () => {
    rest(figure);
    if (figure.root.dataset.state === "drawn") figure.words.textContent = ""; // it was announced, and may change
  });
}

// Forget where the keys had led, as another drawing has other tiles.
export function rest(figure) {
  figure.at = null;
  figure.marks.focus(null);
}

function walk(figure, panels, key) {
  let { panel, index } = figure.at ?? { panel: 0, index: 0 };
  if (figure.at) index += STEPS[key](panels[panel]);
  if (index < 0 && panel > 0) {
    panel -= 1;
    index = panels[panel].items.length - 1;
  } else if (index >= panels[panel].items.length && panel < panels.length - 1) {
    panel += 1;
    index = 0;
  }
  if (index < 0 || index >= panels[panel].items.length) return;
  figure.at = { panel, index };
  showFocus(figure, panels[panel]);
  figure.words.textContent = nameOf(figure, panels[panel], index);
}

function choose(figure, panels) {
  const panel = panels[figure.at.panel];
  figure.words.textContent = `${nameOf(figure, panel, figure.at.index)}, chosen`;
  figure.tell({ item: panel.items[figure.at.index], place: null, panel: panel.number ?? figure.at.panel });
}

function showFocus(figure, panel) {
  const pixels = pixelsOf(figure.plot, panel);
  const [height, width] = panel.tile;
  const tile = { rows: { first: 0, last: height - 1 }, columns: { first: 0, last: width - 1 } };
  figure.marks.focus(pixels && boxOf(panel, pixels, figure.at.index, tile));
}

// A tile's name and, where its title has a text on hover, what that says.
function nameOf(figure, panel, index) {
  const titles = figure.drawing.data.find(
    (trace) => trace.type === "scatter" && (trace.xaxis ?? "x") === panel.x,
  );
  const said = titles?.hovertext?.[index];
  const name = panel.labels?.[index] ?? `${panel.kind} ${panel.items[index]}`;
  return said
    ? new DOMParser().parseFromString(said.replaceAll("<br>", ", "), "text/html").body.textContent
    : name;
}
