"""The page of an audit: its schema, its words with the numbers in place, and how it is drawn."""
