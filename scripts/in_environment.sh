#!/bin/sh
# Runs a command with the tools of .venv, or of the active environment where there is no .venv.
PATH="$PWD/.venv/bin:$PATH" exec "$@"
