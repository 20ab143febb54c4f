#!/bin/sh
# What the proxy's benchmark compares with and is driven by: found, or Debian's packages when allowed to, started and enabled by nobody.
set -eu
missing=
for program in haproxy wrk nginx; do
    command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing="$missing $program"
done
[ -n "$missing" ] || exit 0
say_missing() { echo "the benchmark of the proxy needs$missing: $1" >&2; exit 0; }
command -v apt-get >/dev/null || say_missing "there is no apt-get to install them with"
as_root=
if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || say_missing "install them as root, with apt-get install --no-install-recommends haproxy wrk nginx-light"
    as_root="sudo -n"
fi
echo "installing$missing for the benchmark of the proxy"
$as_root "$1" -m firedrill.stack.install $(echo "$missing" | sed 's/nginx/nginx-light/') >/dev/null || exit 0
