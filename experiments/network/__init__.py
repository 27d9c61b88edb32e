"""Clients on small machines behind bad networks: hosts in network namespaces of this machine, links that lose, delay and break."""
