#!/bin/sh
# nftables and iproute2 for the tests that break a network: found, or Debian's packages when allowed to. Without them those tests are skipped.
set -eu
command -v nft >/dev/null && command -v tc >/dev/null && command -v nsenter >/dev/null && exit 0
command -v apt-get >/dev/null || { echo "no nftables and no apt-get: the tests that break a network cannot run" >&2; exit 0; }
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
echo "installing nftables and iproute2 for the tests that break a network"
$as_root apt-get update -qq || exit 0
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends nftables iproute2 util-linux >/dev/null || exit 0
