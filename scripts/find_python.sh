#!/bin/sh
# Prints a Python that the workbench runs on, or one line that says what is missing.
# An interpreter named as the first argument is the only candidate.
for python in ${1:+"$1"} ${1:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "$python"
        exit 0
    fi
done
echo "no Python 3.11 or newer found (tried: ${1:-python3 python3.11 … python3.14}); install one, or say make PYTHON=/path/to/python3" >&2
exit 1
