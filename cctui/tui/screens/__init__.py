"""One module per documented page, pane or dialog."""
