#!/bin/sh
# libfaketime for the tests that set a program's clock: found, or Debian's package when allowed to. Without it those tests say why they fail.
set -eu
[ -n "$(find /usr/lib /usr/lib64 /usr/local/lib -name libfaketimeMT.so.1 2>/dev/null | head -1)" ] && exit 0
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
command -v apt-get >/dev/null || { echo "no libfaketime and no apt-get: the tests of clocks cannot run" >&2; exit 0; }
echo "installing libfaketime for the tests that set a program's clock"
$as_root apt-get update -qq || exit 0
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends libfaketime >/dev/null || exit 0
