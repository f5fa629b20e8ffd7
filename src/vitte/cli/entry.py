"""One command from start to end; the one place that catches what nobody else did."""

from __future__ import annotations

import os
import sys

from vitte.cli.parser import Args, Usage, parse
from vitte.cli.table import COMMANDS, LATER, SHORT

_INTERNAL, _INTERRUPTED, _PIPE, _USAGE = 70, 130, 141, 2


def run(arguments: list[str]) -> int:
    """The exit status; negative is the signal that ended a program that was run."""
    try:
        status = _dispatch(arguments)
        sys.stdout.flush()
        return status
    except Usage as error:
        _say(f"error: {error.message}\n" + "".join(f"  = help: {help}\n" for help in error.helps))
        return _USAGE
    except KeyboardInterrupt:
        _say("interrupted\n")
        return _INTERRUPTED
    except BrokenPipeError:
        _mute()
        return _PIPE
    except SystemExit:
        raise
    except BaseException as error:
        return _failed(error, arguments)


def _dispatch(arguments: list[str]) -> int:
    args = parse(arguments)
    name = args.command
    if args.flag("version"):
        from vitte import __version__

        print(f"vitte {__version__}")
        return 0
    if name == "help" or args.flag("help") or not name:
        from vitte.cli.help import show

        topic = (args.positionals or [""])[0] if name == "help" else name
        topic = SHORT.get(topic, topic)
        if topic and topic not in COMMANDS:
            raise Usage(f"there is no command `{topic}`", ("`vitte --help` lists them",))
        text = show(topic)
        if not name and not args.flag("help"):
            _say(text)
            return _USAGE
        sys.stdout.write(text)
        return 0
    if name in LATER:
        raise Usage(f"`vitte {name}` is not supported yet", ("`vitte --help` lists what is",))
    from importlib import import_module

    if "typing_extensions" not in sys.modules:
        # msgspec looks for it, needs nothing of it that this Python has not, and it takes 15 ms to import.
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]
        import msgspec  # noqa: F401

        del sys.modules["typing_extensions"]
    return int(import_module(f"vitte.cli.commands.{COMMANDS[name].module}").run(args))


def _failed(error: BaseException, arguments: list[str]) -> int:
    """What is neither a diagnostic nor a wrong command line: a problem with the machine, or a bug in Vitte."""
    from vitte.driver.error import DriverError

    if isinstance(error, DriverError):
        text = f"error: {error.message}\n" + "".join(f"  = help: {help}\n" for help in error.helps)
        if error.details and any(a.startswith("-v") or a == "--verbose" for a in arguments):
            text += error.details
        _say(text)
        return error.status
    from vitte.cli.crash import report

    _say(report(error, arguments))
    return _INTERNAL


def _say(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


def _mute() -> None:
    """Nothing more can be written; the interpreter's own flush at exit must not complain."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        pass


__all__ = ["Args", "run"]
