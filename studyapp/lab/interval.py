"""The intervals that a lesson may import."""

from studyapp.interval import *  # noqa: F403
