// What Streamlit is given of the component: it fetches the script that draws, which the app serves itself.
const PATIENCE = 8_000; // milliseconds until it is said that the script has not arrived
const newest = new WeakMap(); // the last call for each place

export default async function (component) {
  const { parentElement } = component;
  const place = parentElement.querySelector(".figure");
  const words = place.querySelector(".figure-words");
  const say = () => {
    words.textContent = place.dataset.missing;
  };
  newest.set(place, component);
  const isNewest = () => newest.get(place) === component;
  const late = setTimeout(say, PATIENCE);
  try {
    const drawing = await import(new URL(place.dataset.script, document.baseURI));
    if (words.textContent === place.dataset.missing) words.textContent = "";
    // Calls that wait for the script go on in any order, and Streamlit ends those that a newer one has overtaken:
    // neither may touch what the newest draws.
    if (!isNewest()) return;
    const end = drawing.default(component);
    return () => isNewest() && end();
  } catch (error) {
    console.warn("figure:", error);
    say();
  } finally {
    clearTimeout(late);
  }
}
