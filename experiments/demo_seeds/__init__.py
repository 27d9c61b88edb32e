"""What compensation recovers, what leaks back and how tight the certificate is, on both tasks over ten seeds.

No proof is made here: the figures are of the integers that a proof speaks of. One run takes about ten seconds on two
cores. Ten seeds, because three are few: the share recovered on `hard` is 99 % over seeds 0 to 2 and 79 % over all.
"""
