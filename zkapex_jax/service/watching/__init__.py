"""What a provider's monitoring sees of its service: numbers for Prometheus, and whether the service does what it is there for.

Three kinds of numbers. Of this process (`meters`: calls, housekeeping), in its memory, from its start. Of what is there now
(`standing`: queue, uploads, ledger), asked of the database by indexes when somebody looks. Of what workers did (`tallies`),
counted in the database by the very transaction that records it: a worker that is killed has counted what it recorded and no
more, and nothing is lost with a process. No number carries a client's id, a path that a caller made up, or a secret.
"""
