"""What a learner does with experiments: predict, run, keep the figures, cite them."""
