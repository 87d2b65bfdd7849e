"""One module per widget, its style beside it."""
