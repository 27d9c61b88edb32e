"""zkapex: verifiable personalised unlearning."""

__version__ = "0.1.0"
