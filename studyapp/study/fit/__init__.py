"""Fitting the model of memory to a learner's own log. See `adoption`."""
