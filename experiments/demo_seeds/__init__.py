"""What compensation recovers, what leaks back and how tight the certificate is, on both tasks over several seeds.

No proof is made here: the figures are of the integers that a proof speaks of.
"""
