"""`zkapex client`: the same against a provider that serves, from a home of files."""
