// Pictures as points of a map: a card with a thumbnail beside the one that is pointed at or walked to.
//
// Plotly asks at most 20 times a second what lies under the pointer. Here every movement does: ten thousand
// distances take a fraction of a millisecond.

const REACH = 12; // pixels: a point that is further away is not pointed at
const SIDE = 96; // pixels of a thumbnail
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function addPoints(figure, choose) {
  const { root, plot } = figure;
  const card = root.appendChild(Object.assign(document.createElement("div"), { className: "figure-card" }));
  const picture = card.appendChild(Object.assign(new Image(SIDE, SIDE), { alt: "" }));
  const words = card.appendChild(document.createElement("div"));
  let at = null; // the point that keys or the pointer led to
  picture.onerror = () => {
    picture.hidden = true;
  };

  function show(point) {
    if (point?.item === at?.item && point?.x === at?.x && point?.y === at?.y) return;
    at = point;
    card.hidden = !point;
    plot.classList.toggle("figure-on-point", Boolean(point));
    if (!point) return;
    words.textContent = point.words;
    const { thumbnails } = figure.drawing.layout.meta.points;
    picture.hidden = !thumbnails;
    if (thumbnails) picture.src = new URL(`../../${thumbnails.replace("ITEM", point.item)}`, import.meta.url);
    const left = point.x + 14 + card.offsetWidth < root.clientWidth;
    const below = point.y + card.offsetHeight < root.clientHeight;
    const [x, y] = [left ? point.x + 14 : point.x - 14, below ? point.y : root.clientHeight];
    card.style.transform =
      `translate(${Math.round(x)}px, ${Math.round(y)}px) ` +
      `translate(${left ? "0" : "-100%"}, ${below ? "0" : "-100%"})`;
  }

  // The point that `better` gives the least number for, as the figure lies now; null where it gives none.
  function best(better) {
    let least = Number.POSITIVE_INFINITY;
    let found = null;
    for (const { item, words: said, x, y } of pointsOf(figure)) {
      const number = better(x, y);
      if (number < least) {
        least = number;
        found = { item, words: said, x, y };
      }
    }
    return found;
  }

  function under({ clientX, clientY }) {
    const frame = plot.getBoundingClientRect();
    const [px, py] = [clientX - frame.left, clientY - frame.top];
    return best((x, y) => {
      const distance = Math.hypot(x - px, y - py);
      return distance <= REACH ? distance : Number.NaN;
    });
  }

  function next([right, down]) {
    if (!at) return best((x, y) => Math.hypot(x - root.clientWidth / 2, y - root.clientHeight / 2));
    const { x: fromX, y: fromY } = at;
    return best((x, y) => {
      const along = (x - fromX) * right + (y - fromY) * down;
      const aside = Math.abs((x - fromX) * down) + Math.abs((y - fromY) * right);
      return along > 0.5 && aside <= along ? along + 2 * aside : Number.NaN;
    });
  }

  plot.addEventListener("pointermove", (event) => {
    if (isMap(figure)) show(event.buttons ? null : under(event));
  });
  plot.addEventListener("pointerleave", () => show(null));
  plot.addEventListener("blur", () => show(null));
  plot.addEventListener("keydown", (event) => {
    if (!isMap(figure) || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in STEPS) {
      show(next(STEPS[event.key]) ?? at);
      figure.words.textContent = at?.words ?? "";
    } else if ((event.key === "Enter" || event.key === " ") && at) {
      figure.words.textContent = `${at.words}, chosen`;
      choose(at.item);
    } else return;
    event.preventDefault();
  });
  show(null);
  card.hidden = true;
  return {
    rest: () => show(null),
    // What a press there tells the page; null where no point is.
    pressed(event) {
      const point = isMap(figure) && under(event);
      return point ? { item: point.item, place: null, panel: 0 } : null;
    },
    remove: () => card.remove(),
  };
}

const isMap = (figure) => Boolean(figure.drawn && figure.drawing.layout.meta?.points);

// Every point that is shown, where it lies in the figure.
function* pointsOf(figure) {
  const { xaxis, yaxis } = figure.plot._fullLayout;
  const wide = xaxis._length / (xaxis.range[1] - xaxis.range[0]);
  const high = yaxis._length / (yaxis.range[0] - yaxis.range[1]);
  for (const trace of figure.plot._fullData) {
    if (trace.visible !== true || !trace.customdata) continue;
    for (let i = 0; i < trace.x.length; i++) {
      const x = (trace.x[i] - xaxis.range[0]) * wide;
      const y = (trace.y[i] - yaxis.range[1]) * high;
      if (x < 0 || x > xaxis._length || y < 0 || y > yaxis._length) continue; // zoomed away
      yield { item: trace.customdata[i], words: trace.text[i], x: x + xaxis._offset, y: y + yaxis._offset };
    }
  }
}
