"""Whole models through every step, on synthetic data."""
