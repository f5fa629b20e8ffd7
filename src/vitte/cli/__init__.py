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
    else:
        known = _served(arguments) if argv is None and arguments and arguments[0] in _COMPILING else None
        if known is None:
            from vitte.cli.entry import run

            known = run(arguments)
        status = known
    if argv is not None:
        return status
    from vitte.cli.leave import leave

    leave(status)


def _served(arguments: list[str]) -> int | None:
    """The exit status of a command that the server has run, or None."""
    from vitte.server.client import attempt

    try:
        return attempt(arguments)
    except KeyboardInterrupt:  # before the command began; what is said then is said in one place
        from vitte.cli.entry import interrupted

        return interrupted()
