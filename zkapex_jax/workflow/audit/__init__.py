"""The two judges of `zkapex audit`, and the audit of a ledger with all that it names."""
