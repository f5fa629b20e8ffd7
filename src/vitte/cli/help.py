"""`--help`, made from the table."""

from __future__ import annotations

from vitte.cli.table import COMMANDS, GROUPS, SHORT, Option, options_of

_COLUMN = 30
_WIDTH = 100


def show(command: str) -> str:
    return _command(command) if command else _all()


def _all() -> str:
    out = ["The Vitte compiler.", "", "Usage: vitte COMMAND [OPTIONS] [FILE] [-- ARGUMENTS]", ""]
    kinds: dict[str, list[str]] = {}
    letters = {name: letter for letter, name in SHORT.items()}
    for command in COMMANDS.values():
        name = f"{command.name}, {letters[command.name]}" if command.name in letters else command.name
        kinds.setdefault(command.kind, []).append(f"  {name:<14} {command.help}")
    for kind, lines in kinds.items():
        out += [f"{kind}:", *lines, ""]
    out += ["`vitte COMMAND --help` shows the options of a command. `@FILE` stands for the arguments in FILE, one a line.", ""]
    out += ["Examples:", "  vitte run hello.vit", "  vitte check", "  vitte build hello.vit -O3 -o hello", "  vitte explain V0412"]
    return "\n".join(out) + "\n"


def _command(name: str) -> str:
    command = COMMANDS[name]
    out = [command.help[:1].upper() + command.help[1:] + ".", "", f"Usage: vitte {name} {command.usage}".rstrip(), ""]
    groups: dict[str, list[Option]] = {}
    for option in options_of(name):
        groups.setdefault(GROUPS.get(option.group, "Options"), []).append(option)
    for title, options in groups.items():
        out.append(f"{title}:")
        out += [line for option in options for line in _option(option)]
        out.append("")
    if command.examples:
        out += ["Examples:", *(f"  {example}" for example in command.examples), ""]
    return "\n".join(out).rstrip("\n") + "\n"


def _option(option: Option) -> list[str]:
    names = ", ".join(option.names)
    value = f" {option.value}" if option.value else ""
    head = f"  {names}{value}"
    text = option.help
    if option.choices and not any(choice in text for choice in option.choices[1:]) and option.value != "on|off":
        text += f" ({', '.join(option.choices)})"
    words, lines, line = text.split(), [], ""
    for word in words:
        if line and len(line) + 1 + len(word) > _WIDTH - _COLUMN:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    if len(head) >= _COLUMN:
        return [head, *(" " * _COLUMN + line for line in lines)]
    return [head.ljust(_COLUMN) + lines[0], *(" " * _COLUMN + line for line in lines[1:])]
