"""Figures as inline SVG: one file a figure, each a pure function of the summary."""
