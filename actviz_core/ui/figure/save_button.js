// A button that lets a figure elsewhere on the page save itself as a picture.
export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.onclick = () => {
    const figure = document.querySelector(`.st-key-${data.key} .figure`);
    figure?.dispatchEvent(new CustomEvent("save-figure", { detail: data.picture }));
  };
}
