"""Vitte: a native compiler and compiler driver. Programs that embed it import `vitte.driver`."""

__version__ = "0.1.0"
