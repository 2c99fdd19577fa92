#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Build Debian packages of HEAD: build/deb/nptbudget_*.deb, the command, and
# nptbudget-dkms_*.deb, the module's source. lintian has to find nothing in them.
#   deb.sh [OUT]    into another folder
# For a Debian 12 or 13 with what debian/control asks for (scripts/deps.sh deb).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"

[ $# -le 1 ] || usage_error "usage: deb.sh [OUT]"
out=$(readlink -m "${1:-$PROJECT/build/deb}")
command -v dpkg-buildpackage >/dev/null || die "no dpkg-buildpackage: run scripts/deps.sh deb"
cd "$PROJECT"
name=$(dpkg-parsechangelog -S Source)
version=$(dpkg-parsechangelog -S Version)
module=$(project_version)
[ "${version%%[-+~]*}" = "$module" ] ||
	die "debian/changelog is about $version, uapi/nptbudget.h about $module: make them the same"
[ -z "$(git status --porcelain --untracked-files=no)" ] || say "what is not committed is left out"

rm -rf "$out"
mkdir -p "$out/$name-$version"
trap 'rm -rf "$out/$name-$version"' EXIT
git archive HEAD | tar -x -C "$out/$name-$version"
(cd "$out/$name-$version" && dpkg-buildpackage -us -uc -b -tc) >"$out/build.log" 2>&1 || {
	tail -n 30 "$out/build.log" >&2
	die "the packages do not build: see $out/build.log"
}
lintian --fail-on error,warning,info --tag-display-limit 0 "$out"/*.changes ||
	die "lintian finds faults (above)"
rm -f "$out"/*.buildinfo "$out"/*.changes
ls "$out"/*.deb
