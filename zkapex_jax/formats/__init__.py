"""Leaf utilities for files: canonical JSON, atomic writes, and the safetensors artefact container."""
