"""A spaced-repetition study companion for the terminal."""
