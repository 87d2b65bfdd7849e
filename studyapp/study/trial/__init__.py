"""A trial on one's own memory: two ways of studying, dealt out by chance (RULES: Trials)."""
