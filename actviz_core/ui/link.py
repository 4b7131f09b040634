"""The address of what a page shows now, for others to open."""

from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st


def full_link() -> str:
    """The server's address as the browser knows it, with every query parameter of the present view."""
    parts = urlsplit(st.context.url or "")
    parameters = {name: st.query_params.get_all(name) for name in st.query_params}
    return urlunsplit(
        (parts.scheme, parts.netloc, parts.path, urlencode(parameters, doseq=True, safe="/@,"), "")
    )
