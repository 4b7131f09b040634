// What Streamlit is given of the component: it fetches the script that draws, which the app serves itself.
export default async function (component) {
  const { parentElement } = component;
  const place = parentElement.querySelector(".figure");
  try {
    const drawing = await import(new URL(place.dataset.script, document.baseURI));
    return drawing.default(component);
  } catch (error) {
    console.warn("figure:", error);
    place.querySelector(".figure-words").textContent = place.dataset.missing;
  }
}
