"""The command line: one room a group of commands."""
