"""The first pack: the fastai course and book, as Markdown."""
