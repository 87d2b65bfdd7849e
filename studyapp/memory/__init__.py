"""When to show what. Pure: the time, the parameters and the log are passed in."""
