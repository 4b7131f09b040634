// A press of the main button or a finger that ends where it began: no drag, which zooms.
const STEADY = 8; // pixels, plotly's: what moves further is a drag

// Call `pressed` for each in an element, with what `find` saw there when it began, if it saw anything: what is
// drawn may change until it ends. Goes on until the controller that is returned aborts.
export function onPress(element, find, pressed) {
  const controller = new AbortController();
  const { signal } = controller;
  let begun = null;
  element.addEventListener(
    "pointerdown",
    (event) => {
      begun = event.button === 0 && event.isPrimary ? { event, found: find(event) } : null;
    },
    { capture: true, signal },
  );
  // Plotly lays a cover over the page while a button is down: the end is not seen in the element.
  window.addEventListener(
    "pointerup",
    (event) => {
      const { event: from, found } = begun ?? {};
      begun = null;
      if (!found || from.pointerId !== event.pointerId) return;
      if (Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) <= STEADY) pressed(found);
    },
    { capture: true, signal },
  );
  window.addEventListener(
    "pointercancel",
    () => {
      begun = null;
    },
    { signal },
  );
  return controller;
}
