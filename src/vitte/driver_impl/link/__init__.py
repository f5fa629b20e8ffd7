"""Linkers: a plan is pure data (a command line), one shared executor runs it."""
