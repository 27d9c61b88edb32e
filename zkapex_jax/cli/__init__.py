"""The command line: thin commands over `zkapex_jax.workflow`, one file each."""
