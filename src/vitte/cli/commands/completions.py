"""`vitte completions bash|zsh|fish`: scripts made from the table."""

from __future__ import annotations

import sys

from vitte.cli.parser import Args, Usage
from vitte.cli.table import COMMANDS, options_of


def run(args: Args) -> int:
    shells = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    if len(args.positionals) != 1 or args.positionals[0] not in shells:
        raise Usage("`vitte completions` needs a shell", (f"one of {', '.join(shells)}",))
    sys.stdout.write(shells[args.positionals[0]]())
    return 0


def _long(command: str) -> list[str]:
    return [name for option in options_of(command) for name in option.names if name.startswith("--")]


def _bash() -> str:
    cases = "\n".join(f'    {name}) words="{" ".join(_long(name))}" ;;' for name in COMMANDS)
    return f"""_vitte() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{" ".join(COMMANDS)}" -- "$current"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}}
complete -o filenames -F _vitte vitte
"""


def _zsh() -> str:
    commands = "\n".join(f"    '{c.name}:{c.help}'" for c in COMMANDS.values())
    cases = "\n".join(f"    {name}) words=({' '.join(_long(name))}) ;;" for name in COMMANDS)
    return f"""#compdef vitte
_vitte() {{
  local -a commands words
  commands=(
{commands}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "${{words[2]:-$words[2]}}" in
{cases}
  esac
  _files
  compadd -- $words
}}
compdef _vitte vitte
"""


def _fish() -> str:
    lines = [
        "complete -c vitte -f -n __fish_use_subcommand -a '{}' -d '{}'".format(c.name, c.help.replace("'", "")) for c in COMMANDS.values()
    ]
    for name in COMMANDS:
        for option in options_of(name):
            for spelling in option.names:
                if spelling.startswith("--"):
                    text = option.help.replace("'", "")
                    lines.append(f"complete -c vitte -n '__fish_seen_subcommand_from {name}' -l {spelling[2:]} -d '{text}'")
    lines.append("complete -c vitte -n 'not __fish_use_subcommand' -F")
    return "\n".join(lines) + "\n"
