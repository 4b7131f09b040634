// A figure as a file: drawn by plotly once more, on the theme's ground, with a title and where it comes from.
import { dressed } from "./theme.js";

const TITLE = 30; // pixels above and below the figure for these two lines
const LETTER = 6.2; // about how wide one of their letters is

export async function savePicture(figure, { format, scale = 2, name }) {
  if (!figure.drawn) return;
  const { about, drawing, plot, plotly, theme } = figure;
  const width = plot.clientWidth;
  const height = drawing.layout.height + 2 * TITLE;
  const url = await plotly.toImage(
    { data: drawing.data, layout: withWords(dressed(drawing.layout, theme), about, theme, width, height) },
    { format, width, height, scale },
  );
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name ?? about.name}.${format}`;
  link.click();
}

function withWords(layout, about, theme, width, height) {
  const margin = { l: 80, r: 80, t: 100, b: 80, ...layout.margin };
  const line = (text, options) => ({
    text: shortened(text, (width - 20) / LETTER),
    showarrow: false,
    align: "left",
    xref: "paper",
    yref: "paper",
    x: 0,
    xanchor: "left",
    xshift: 10 - margin.l,
    font: { size: 12 },
    ...options,
  });
  return {
    ...layout,
    width,
    height,
    paper_bgcolor: theme.paper,
    margin: { ...margin, t: margin.t + TITLE, b: margin.b + TITLE },
    annotations: [
      ...(layout.annotations ?? []),
      line(`<b>${about.title}</b>`, { y: 1, yanchor: "bottom", yshift: margin.t + 4 }),
      line(about.source, { y: 0, yanchor: "top", yshift: -margin.b - 4 }),
    ],
  };
}

function shortened(text, letters) {
  return text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1))}…`;
}
