// The colours and the font of Streamlit's theme, put into a figure's layout.
const NAMES = ["text-color", "background-color", "secondary-background-color", "border-color", "font"];

export function themeOf(element) {
  const style = getComputedStyle(element);
  const [ink, paper, raised, line, font] = NAMES.map((name) => style.getPropertyValue(`--st-${name}`).trim());
  return { ink, paper, raised, line, font, name: [ink, paper, raised, line, font].join() };
}

export function dressed(layout, theme) {
  return {
    ...layout,
    autosize: true,
    font: { family: theme.font, color: theme.ink, size: 12, ...layout.font },
    hoverlabel: {
      align: "left",
      bgcolor: theme.paper,
      bordercolor: theme.line,
      font: { family: theme.font, color: theme.ink, size: 13 },
      ...layout.hoverlabel,
    },
  };
}
