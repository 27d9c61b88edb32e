"""`python -m zkapex_jax`."""

from zkapex_jax.cli.start import main

if __name__ == "__main__":
    main()
