"""Several devices of one learner: they meet in a folder in which each writes its own file."""
