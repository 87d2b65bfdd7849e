"""Runs a lesson in its own process: protocol, catalog, runner, worker."""
