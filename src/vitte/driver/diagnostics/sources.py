"""Where renderers get source text from: the files by display path, loaded when first asked."""

from __future__ import annotations

from collections.abc import Callable

from vitte.base.source import SourceFile

Loader = Callable[[str], SourceFile | None]


class Sources:
    """A cache over a loader. `get` answers None for a file that cannot be shown."""

    __slots__ = ("_files", "_load")

    def __init__(self, load: Loader | None = None) -> None:
        self._files: dict[str, SourceFile | None] = {}
        self._load = load

    def add(self, source: SourceFile) -> None:
        self._files[source.path] = source

    def fall_back(self, load: Loader) -> None:
        """Where files that were not added come from."""
        self._load = load

    def get(self, path: str) -> SourceFile | None:
        if path not in self._files:
            self._files[path] = self._load(path) if self._load else None
        return self._files[path]
