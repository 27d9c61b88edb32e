"""One file of endpoints a concern."""
