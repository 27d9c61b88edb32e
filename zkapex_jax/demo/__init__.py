"""The whole path on real data, as a provider and a client would walk it, in two folders and one report."""

from zkapex_jax.demo.options import DemoOptions
from zkapex_jax.demo.outcome import exit_code
from zkapex_jax.demo.play import run

__all__ = ["DemoOptions", "exit_code", "run"]
