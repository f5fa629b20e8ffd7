"""Policy over diagnostics, and how they look.

Stages make diagnostics as data (`vitte.base.diagnostics`); here it is decided which of them count (`policy`), and
they are turned into text: `terminal` (snippets), `short`, `json_lines`, `github`. Renderers are pure: they get the
diagnostic and a `Sources`, and return text.
"""
