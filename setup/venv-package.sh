#!/bin/sh
# Debian splits venv from Python: install it for the interpreter that was asked for, when allowed to.
set -eu
version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if ! command -v apt-get >/dev/null; then
    echo "$1 has no venv module, and there is no apt-get to install it with: install python$version-venv" >&2
    exit 1
fi
echo "installing python$version-venv, which Debian keeps apart from Python"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "python$version-venv" >/dev/null
