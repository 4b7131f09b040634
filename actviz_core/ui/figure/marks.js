// What is drawn over a figure: a mark in every tile, a label a panel, the frame of the tile in focus.
import { originOf } from "./cells.js";

const SVG = "http://www.w3.org/2000/svg";
const SMALLEST = 5; // pixels: a mark that is smaller cannot be seen

export function addMarks(root) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "figure-marks");
  svg.setAttribute("aria-hidden", "true");
  const [halo, mark, focus] = ["figure-halo", "figure-mark", "figure-focus"].map((name) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    svg.append(path);
    return path;
  });
  root.append(svg);
  const labels = [];
  return {
    show(boxes) {
      const path = boxes.map(pathOf).join("");
      halo.setAttribute("d", path);
      mark.setAttribute("d", path);
    },
    focus: (box) => focus.setAttribute("d", box ? pathOf(box) : ""),
    label(texts) {
      texts.forEach(({ text, box }, i) => {
        labels[i] ??= root.appendChild(
          Object.assign(document.createElement("div"), { className: "figure-label" }),
        );
        labels[i].textContent = text;
        const onRight = box.x + box.width + 8 + 8 * text.length < root.clientWidth;
        labels[i].style.transform =
          `translate(${Math.round(onRight ? box.x + box.width + 4 : box.x - 4)}px, ${Math.round(
            box.y + box.height / 2,
          )}px) translate(${onRight ? "0" : "-100%"}, -50%)`;
        labels[i].hidden = false;
      });
      for (const unused of labels.slice(texts.length)) unused.hidden = true;
    },
    remove() {
      svg.remove();
      for (const label of labels) label.remove();
    },
  };
}

// From canvas rows and columns to pixels of the figure; null while plotly has not drawn the panel.
export function pixelsOf(plot, panel) {
  const layout = plot._fullLayout;
  const x = layout?.[`xaxis${panel.x.slice(1)}`];
  const y = layout?.[`yaxis${panel.y.slice(1)}`];
  if (!x?._length || !y?._length) return null;
  // Not by plotly's own l2p: it rounds, which adds up over a hundred cells. Row 0 is at the top.
  const wide = x._length / (x.range[1] - x.range[0]);
  const high = y._length / (y.range[0] - y.range[1]);
  return { x, y, left: x._offset - x.range[0] * wide, top: y._offset - y.range[1] * high, wide, high };
}

// The pixels of some cells of a tile; null outside of what a panel that is zoomed into shows.
export function boxOf(panel, pixels, index, { rows, columns }) {
  const [top, left] = originOf(panel, index);
  const box = {
    x: pixels.left + (left + columns.first - 0.5) * pixels.wide,
    y: pixels.top + (top + rows.first - 0.5) * pixels.high,
    width: (columns.last - columns.first + 1) * pixels.wide,
    height: (rows.last - rows.first + 1) * pixels.high,
  };
  const { x, y } = pixels;
  const [middle, centre] = [box.x + box.width / 2 - x._offset, box.y + box.height / 2 - y._offset];
  return middle >= 0 && middle <= x._length && centre >= 0 && centre <= y._length ? box : null;
}

function pathOf({ x, y, width, height }) {
  const wide = Math.max(width, SMALLEST);
  const high = Math.max(height, SMALLEST);
  const [left, top] = [x + (width - wide) / 2, y + (height - high) / 2];
  return `M${left.toFixed(1)} ${top.toFixed(1)}h${wide.toFixed(1)}v${high.toFixed(1)}h${(-wide).toFixed(1)}z`;
}
