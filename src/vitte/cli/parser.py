"""argv by the table: small and quick (the standard library's parsers cost 8 ms and more to import)."""

from __future__ import annotations

from vitte.cli.table import COMMANDS, LATER, OPTIONS, SHORT, Option, options_of

_MAX_FILES = 16
"""Depth of `@file` inside `@file`."""


class Usage(Exception):
    """A wrong command line: what is wrong, and what may have been meant."""

    def __init__(self, message: str, helps: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.helps = helps


class Args:
    """`values`: (key, value) in order; flags have the value "". `rest`: what stood after `--`. `words`: everything after the command, as it
    was written, argument files read."""

    __slots__ = ("command", "positionals", "rest", "values", "words")

    def __init__(self) -> None:
        self.command = ""
        self.positionals: list[str] = []
        self.values: list[tuple[str, str]] = []
        self.rest: list[str] = []
        self.words: list[str] = []

    def get(self, key: str, default: str = "") -> str:
        """The last value given."""
        for name, value in reversed(self.values):
            if name == key:
                return value
        return default

    def has(self, key: str) -> bool:
        return any(name == key for name, _ in self.values)

    flag = has

    def all(self, key: str) -> list[str]:
        return [value for name, value in self.values if name == key]


def parse(arguments: list[str]) -> Args:
    """Raises `Usage`. `--` ends the options; `@FILE` stands for the arguments in it, one a line."""
    args = Args()
    words = _expanded(arguments, 0)
    # The command is the first word that is no option (general options may come before it).
    at = 0
    options: dict[str, Option] = _by_name(options_of(""))
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--" and args.command:
            args.rest = words[at:]
            break
        if word.startswith("-") and word != "-":
            at = _option(args, options, word, words, at)
        elif not args.command:
            args.command = _command(word)
            options = _by_name(options_of(args.command))
            args.words = words[at:]
            if args.command in LATER:
                break
        else:
            args.positionals.append(word)
    return args


def _by_name(options: list[Option]) -> dict[str, Option]:
    return {name: option for option in options for name in option.names}


def _command(word: str) -> str:
    word = SHORT.get(word, word)
    if word in COMMANDS or word in LATER:
        return word
    from vitte.base.suggest import closest

    if word.endswith((".vit", ".vitl")):
        raise Usage(f"`{word}` is a file, not a command", (f"to run it: `vitte run {word}`",))
    near = closest(word, [*COMMANDS, *LATER])
    raise Usage(f"there is no command `{word}`", (f"did you mean `{near}`?" if near else "`vitte --help` lists the commands",))


def _option(args: Args, options: dict[str, Option], word: str, words: list[str], at: int) -> int:
    """Take one option (several, for `-vvq`); the index of the next word."""
    name, equals, value = word.partition("=")
    option = options.get(name)
    if option is not None:
        if option.key == "debug":
            args.values.append(("debug", value if equals else "full"))
            return at
        if not option.value:
            if equals:
                raise Usage(f"`{name}` takes no value")
            args.values.append((option.key, ""))
            return at
        if not equals:
            if at >= len(words):
                raise Usage(f"`{name}` needs a value", (f"{name} {option.value}",))
            value = words[at]
            at += 1
        _take(args, option, name, value)
        return at
    if not word.startswith("--"):
        short = word[:2]
        option = options.get(short)
        if option is not None and option.value and option.joined:
            _take(args, option, short, word[2:])
            return at
        flags = [options.get("-" + letter) for letter in word[1:]]
        if len(flags) > 1 and all(f is not None and not f.value and f.key != "debug" for f in flags):
            args.values += [(f.key, "") for f in flags if f is not None]
            return at
    raise _unknown(args, options, name)


def _take(args: Args, option: Option, name: str, value: str) -> None:
    if option.choices and value not in option.choices:
        from vitte.base.suggest import closest

        near = closest(value, option.choices) if len(value) > 2 else None
        raise Usage(f"`{value}` is no value for `{name}`", (f"did you mean `{near}`?" if near else f"one of {', '.join(option.choices)}",))
    args.values.append((option.key, value))


def _unknown(args: Args, options: dict[str, Option], name: str) -> Usage:
    from vitte.base.suggest import closest

    known = _by_name(list(OPTIONS))
    if not args.command and (name in known or (name[:2] in known and not name.startswith("--"))):
        return Usage(f"`{name}` stands after a command", (f"for example `vitte build {name}`",))
    where = f" of `vitte {args.command}`" if args.command else ""
    near = closest(name, options)
    helps = (
        [f"did you mean `{near}`?"]
        if near
        else [f"`vitte {args.command} --help` lists them" if args.command else "`vitte --help` lists them"]
    )
    if args.command in ("run", "test") and not near:
        helps.append(f"for an argument of the program: `-- {name}`")
    return Usage(f"there is no option `{name}`{where}", tuple(helps))


def _expanded(arguments: list[str], depth: int) -> list[str]:
    """`@FILE` replaced by its lines; after `--` nothing is replaced."""
    if not any(a.startswith("@") for a in arguments):
        return arguments
    result: list[str] = []
    for at, word in enumerate(arguments):
        if word == "--":
            return result + arguments[at:]
        if not word.startswith("@") or len(word) == 1:
            result.append(word)
            continue
        if depth >= _MAX_FILES:
            raise Usage(f"`{word}`: argument files inside argument files, {_MAX_FILES} deep")
        try:
            with open(word[1:], encoding="utf-8") as file:
                lines = file.read().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise Usage(f"cannot read `{word[1:]}`: {getattr(error, 'strerror', None) or error}") from None
        result += _expanded([line.strip() for line in lines if line.strip()], depth + 1)
    return result
