"""Whether `zkapex estimate` is true: an estimate, then the work itself, in one run."""
