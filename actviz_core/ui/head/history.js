// One act of a person is one entry in the browser's history.
//
// Streamlit writes the address several times while a page answers to one click: once for each widget, and
// again for what the page adds. The first change after an act makes an entry, and the others replace it. What
// changes without an act (a link that is completed when it is opened, going back) makes none.
(() => {
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  let acted = false;

  const write = (state, title, url) => {
    const address = url === undefined || url === null ? location.href : new URL(url, location.href).href;
    const isNew = acted && address !== location.href;
    acted = acted && !isNew;
    (isNew ? push : replace)(state, title, url);
  };
  history.pushState = write;
  history.replaceState = write;

  for (const kind of ["pointerdown", "keydown", "drop"]) {
    addEventListener(
      kind,
      () => {
        acted = true;
      },
      true,
    );
  }
  // The keys and buttons that go back and forward are acts, too, but the address is changed already.
  addEventListener(
    "popstate",
    () => {
      acted = false;
    },
    true,
  );
})();
