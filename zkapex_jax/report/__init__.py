"""What a run says of itself: a typed `summary.json` and one HTML page drawn from it alone."""
