"""The first pack's experiments: one module per lesson."""
