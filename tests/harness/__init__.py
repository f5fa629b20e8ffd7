"""What test runners share: running the command line in a forked process, directives in programs, marks in wrong programs."""
