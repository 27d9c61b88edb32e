"""The whole path on real data, as a provider and a client would walk it, in two folders and one report."""

from zkapex_jax.demo.options import DemoOptions
from zkapex_jax.demo.play import exit_code, run

__all__ = ["DemoOptions", "exit_code", "run"]
