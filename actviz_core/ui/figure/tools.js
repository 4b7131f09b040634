// The toolbar of a figure: full screen, and the figure as a picture.
import { savePicture } from "./picture.js";

const ICONS = {
  "Full screen": "M3 8V3h5M16 3h5v5M21 16v5h-5M8 21H3v-5",
  "Save as PNG": "M12 3v12m-5-5 5 5 5-5M4 20h16",
  "Save as SVG": "M4 20h16M6 4h5v5H6zM14 9l3-5 3 5z",
};

export function addTools(figure) {
  const { root } = figure;
  const tools = document.createElement("div");
  tools.className = "figure-tools";
  tools.setAttribute("role", "toolbar");
  tools.setAttribute("aria-label", "Figure");
  const actions = {
    "Full screen": () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
    "Save as PNG": () => savePicture(figure, { format: "png" }),
    "Save as SVG": () => savePicture(figure, { format: "svg" }),
  };
  for (const [label, action] of Object.entries(actions)) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = label;
    button.setAttribute("aria-label", label);
    button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[label]}"/></svg>`;
    button.addEventListener("click", action);
    tools.append(button);
  }
  root.append(tools);
  const onFullScreen = () => {
    if (!figure.drawn) return;
    const full = document.fullscreenElement === root;
    figure.plotly.relayout(figure.plot, {
      height: full ? window.innerHeight : figure.drawing.layout.height,
      autosize: true,
    });
  };
  const onSave = (event) => savePicture(figure, event.detail);
  const controller = new AbortController();
  const { signal } = controller;
  root.addEventListener("fullscreenchange", onFullScreen, { signal });
  root.addEventListener("save-figure", onSave, { signal });
  return {
    remove() {
      controller.abort();
      tools.remove();
    },
  };
}
