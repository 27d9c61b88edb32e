"""Work of the size of real chunks, timed."""
