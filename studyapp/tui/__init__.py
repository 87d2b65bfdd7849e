"""The terminal app: screens coordinate, widgets show and post messages."""
