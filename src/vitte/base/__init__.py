"""What every layer shares and nothing of Vitte's meaning: sources, spans and diagnostics as data.

Imports nothing of `vitte`. Nothing here reads files, prints, or knows what a program is.
"""
