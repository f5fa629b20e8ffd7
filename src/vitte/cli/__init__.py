"""The command line: argv to options, options to the driver, outcome to text and an exit status.

    argv --parse (table of options)--> Args --settings--> DriverOptions --vitte.driver--> Outcome --report--> streams, status

A compiler is started all day: this module imports nothing but `sys`, and each command imports only what it uses. A command that
compiles is given to the resident server first (`vitte.server`), unless the command line is run inside another program.
"""

import sys

_COMPILING = ("build", "b", "check", "c", "run", "r", "test", "t", "emit")


def main(argv: list[str] | None = None) -> int:  # noqa: RET503 - `leave` does not return
    """Run the command line. With `argv` (without the program's name) the exit status is returned, negative for the
    signal that ended a program that was run; without it, the process ends."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"] or arguments == ["-V"]:
        from vitte import __version__

        sys.stdout.write(f"vitte {__version__}\n")
        status = 0
    elif argv is not None:
        from vitte.cli.entry import run

        return run(arguments)
    else:
        try:
            status = _run(arguments)
        except KeyboardInterrupt:  # before there was anything that could be interrupted
            sys.stderr.write("interrupted\n")
            status = 130
    if argv is not None:
        return status
    from vitte.cli.leave import leave

    leave(status)


def _run(arguments: list[str]) -> int:
    """In the server, or here."""
    if arguments and arguments[0] in _COMPILING:
        from vitte.server.client import attempt

        status = attempt(arguments)
        if status is not None:
            return status
    from vitte.cli.entry import run

    return run(arguments)
