"""What a learner's log tells: what was remembered and when, and what was to be expected."""
