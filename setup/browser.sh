#!/bin/sh
# Chromium for the tests that open the report: found, or Debian's package when allowed to. Without it those tests say why they fail.
set -eu
command -v chromium >/dev/null && exit 0
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
command -v apt-get >/dev/null || { echo "no chromium and no apt-get: the browser tests cannot run" >&2; exit 0; }
echo "installing chromium for the tests that open the report"
$as_root apt-get update -qq || exit 0
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null
