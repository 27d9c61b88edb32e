"""The provider's commands."""
