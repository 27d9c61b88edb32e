"""Measured studies: one folder an experiment, each with its configuration, its run and its results."""
