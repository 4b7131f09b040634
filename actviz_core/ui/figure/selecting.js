// A line drawn around points of a map tells the page its corners; a button turns drawing into zooming.

const ICON = "M5 8a7 5 0 1 1 6 6c-3 0-4 2-3 4s-2 3-3 3";

export function addSelecting(figure) {
  const button = Object.assign(document.createElement("button"), { type: "button", hidden: true });
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICON}"/></svg>`;
  button.addEventListener("click", () => {
    figure.zooms = !figure.zooms;
    figure.plotly.relayout(figure.plot, { dragmode: modeOf(figure) });
    name();
  });
  const name = () => {
    const said = figure.zooms ? "Drag to draw around points" : "Drag to zoom";
    button.title = said;
    button.setAttribute("aria-label", said);
  };
  figure.root.querySelector(".figure-tools").prepend(button);
  return {
    // How a drag acts, put into a layout that is about to be drawn.
    dress(layout) {
      const isMap = Boolean(layout.meta?.points);
      button.hidden = !isMap;
      name();
      return isMap ? { ...layout, dragmode: modeOf(figure) } : layout;
    },
    listen() {
      figure.plot.on("plotly_selected", (event) => {
        const { x, y } = event?.lassoPoints ?? {};
        if (x?.length > 2) figure.select(x.map((value, i) => [value, y[i]]));
      });
    },
  };
}

const modeOf = (figure) => (figure.zooms ? "zoom" : "lasso");
