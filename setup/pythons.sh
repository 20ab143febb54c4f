#!/bin/sh
# Interpreters to test with beside the usual one, a line each: python3.12 and python3.13, as commands or under pyenv.
set -eu
for version in 3.12 3.13; do
    if command -v "python$version" >/dev/null && "python$version" -c '' 2>/dev/null; then
        command -v "python$version"
        continue
    fi
    for found in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python; do
        [ -x "$found" ] && echo "$found"
    done
done
