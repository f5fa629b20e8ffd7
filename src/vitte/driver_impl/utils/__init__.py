"""The internal log."""
