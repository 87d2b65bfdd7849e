"""The intervals that a lesson may import."""

from studyapp.interval import (
    clopper_pearson,
    mean_interval,
    median_interval,
    ratio_interval,
    t_quantile,
    t_tail,
    wilson,
)

__all__ = [
    "clopper_pearson",
    "mean_interval",
    "median_interval",
    "ratio_interval",
    "t_quantile",
    "t_tail",
    "wilson",
]
