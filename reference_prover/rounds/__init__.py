"""The rounds of the online protocol: integers, claims, columns, and the sums that mu separates."""
