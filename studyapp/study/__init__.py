"""The use cases: one function per thing that a learner does."""
