"""Whether all is well with a study: what is wrong, and what of it can be put right."""
