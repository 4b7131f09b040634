"""The button that copies the browser's address, which is a link to what the page shows."""

import streamlit as st

_HTML = '<button type="button" aria-live="polite"></button>'

_CSS = """
button {
  font: inherit;
  font-size: 0.875rem;
  padding: 0.25rem 0.75rem;
  min-height: 2.5rem;
  color: var(--st-text-color);
  background: transparent;
  border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius);
  cursor: pointer;
  white-space: nowrap;
}
button:hover, button:focus-visible { color: var(--st-primary-color); border-color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
"""

# A page that is not served over https has no clipboard interface: then the older command does it, and where
# that is refused too, the link is shown to be copied by hand.
_JS = """
export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.title = data.help;
  const copied = () => {
    button.textContent = data.done;
    setTimeout(() => { button.textContent = data.label; }, 2000);
  };
  const byHand = (link) => {
    const field = document.createElement("textarea");
    field.value = link;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    button.focus();
    if (done) copied(); else window.prompt(data.help, link);
  };
  button.onclick = () => {
    const link = window.location.href;
    if (navigator.clipboard) navigator.clipboard.writeText(link).then(copied, () => byHand(link));
    else byHand(link);
  };
}
"""


_BUTTON = st.components.v2.component("copy_link", html=_HTML, css=_CSS, js=_JS)


def copy_link_button() -> None:
    """Draw the button; it copies whatever the address is at the moment of the click."""
    _BUTTON(
        key="copy_link",
        data={
            "label": "Copy link",
            "done": "Link copied",
            "help": "A link to exactly what you see now, for anyone who can reach this server",
        },
        width="content",
    )
