#!/bin/sh
# VictoriaMetrics for the test that drills with it: found, or Debian's package when allowed to, started and enabled by nobody.
set -eu
command -v victoria-metrics >/dev/null && command -v vmalert >/dev/null && exit 0
command -v apt-get >/dev/null || { echo "no victoria-metrics and no apt-get: the test with VictoriaMetrics cannot run" >&2; exit 0; }
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
echo "installing victoria-metrics for the test that drills with it"
$as_root "$1" -m firedrill.stack.install victoria-metrics >/dev/null || exit 0
