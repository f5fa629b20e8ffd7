"""One module per command, each with `run(args) -> exit status`; imported when its command is given."""
