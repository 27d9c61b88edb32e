"""Commands for anyone: costs, measurements, explanations, the demonstration."""
