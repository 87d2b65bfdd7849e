"""The parts of a content file, each as its author writes it; `notes/markdown.py` reads them all."""
