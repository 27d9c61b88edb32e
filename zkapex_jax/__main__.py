"""`python -m zkapex_jax`."""

from zkapex_jax.cli.main import main

if __name__ == "__main__":
    main()
