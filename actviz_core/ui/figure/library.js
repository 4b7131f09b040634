// plotly.js, loaded once a page from where the app serves it.
let arriving;

export function loadPlotly(address) {
  arriving ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(`../../${address}`, import.meta.url);
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error(script.src)));
    script.onerror = () => reject(new Error(script.src));
    document.head.append(script);
  }).catch((error) => {
    arriving = undefined; // the next figure tries again
    throw error;
  });
  return arriving;
}
