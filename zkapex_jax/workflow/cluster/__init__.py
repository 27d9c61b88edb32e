"""Chunks proven and verified by the workers of a Ray cluster."""
