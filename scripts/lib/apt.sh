# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian packages of suites this machine need not have: a private apt state
# beside the machine's own, which stays untouched. Sourced after series.sh.
#
# The mirror is the one the machine already uses, asked of apt itself, so that
# proxies and local mirrors work and no host name is written down here. apt
# checks every package against Debian's signed indexes. The environment may name
# other archives: NPTBUDGET_MIRROR, NPTBUDGET_SECURITY_MIRROR, NPTBUDGET_KEYRING.

KEYRING=${NPTBUDGET_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

# The archives this machine's apt uses, "main URL" or "security URL" a line. Where
# it has no indexes yet, it does not know who they are of: then by their suites.
mirrors_of_machine() {
	local found
	# shellcheck disable=SC2016 # apt expands these
	found=$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
		sed -nE 's/^Debian\|/main /p; s/^Debian-Security\|/security /p')
	[ -n "$found" ] || found=$(apt-get update --print-uris 2>/dev/null |
		sed -nE "s,^'(.*)/dists/(bookworm|trixie|oldstable|stable)/InRelease'.*,main \1,p
			s,^'(.*)/dists/[a-z]+-security/InRelease'.*,security \1,p")
	printf '%s\n' "$found"
}

# mirror main|security: the base address of the archive or of its security part.
mirror() {
	local want=$1 url
	case $want in
	main) url=${NPTBUDGET_MIRROR-} ;;
	security) url=${NPTBUDGET_SECURITY_MIRROR-} ;;
	esac
	[ -n "$url" ] ||
		url=$(mirrors_of_machine | awk -v w="$want" '$1 == w && !n++ { print $2 }')
	if [ -z "$url" ] && [ "$want" = security ]; then
		url=$(mirror main) || return
		url=${url%/}-security
	fi
	[ -n "$url" ] || {
		say "apt knows no Debian mirror: add Debian's main archive to /etc/apt/sources.list, then run apt-get update"
		return 1
	}
	printf '%s\n' "${url%/}"
}

# apt_in RELEASE TOOL ARGS...: run apt-TOOL on the private state of a release, in
# which no package is installed. Backports come first where they are asked.
apt_in() {
	local release=$1 tool=$2 dir=$CACHE/apt/$1 prefer=''
	shift 2
	! release_suites "$release" | grep -q "$release-backports" || prefer=$release-backports
	LC_ALL=C "apt-$tool" -q -o Dir::Etc::sourcelist="$dir/sources.list" \
		-o Dir::Etc::sourceparts="$dir/none.d" -o Dir::Etc::preferences="$dir/none" \
		-o Dir::Etc::preferencesparts="$dir/none.d" -o Dir::State::lists="$dir/lists" \
		-o Dir::State::status="$dir/status" -o Dir::State::extended_states="$dir/none" \
		-o Dir::Cache="$dir/cache" -o Acquire::Retries=4 \
		-o Acquire::Languages=none -o APT::Sandbox::User=root \
		-o APT::Default-Release="$prefer" \
		-o APT::Update::Post-Invoke-Success::= "$@"
}

# What was chosen by hand.
apt_chosen() { echo "${NPTBUDGET_MIRROR-} ${NPTBUDGET_SECURITY_MIRROR-} $KEYRING"; }

# The sources of a release. The age of an archive that was chosen by hand is not
# looked at: it may be a snapshot of what there was.
apt_sources() {
	local which suite options="arch=amd64 signed-by=$KEYRING"
	local -A url=()
	url[main]=$(mirror main) || return
	url[security]=$(mirror security) || return
	[ -z "${NPTBUDGET_MIRROR-}" ] || options+=" check-valid-until=no"
	while read -r which suite; do
		echo "deb [$options] ${url[$which]} $suite main"
	done < <(release_suites "$1")
}

# Indexes are good for an hour, and for the archives they were fetched from.
apt_fresh() {
	local dir=$CACHE/apt/$1
	[ -n "$(find "$dir/stamp" -mmin -60 2>/dev/null)" ] && cmp -s "$dir/stamp" <(apt_chosen)
}

apt_update_locked() {
	local release=$1 dir=$CACHE/apt/$1
	! apt_fresh "$release" || return 0
	mkdir -p "$dir/none.d" "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	rm -f "$dir/stamp"
	apt_sources "$release" >"$dir/sources.list" || exit 1
	apt_in "$release" get update --error-on=any >&2 ||
		die "apt could not fetch Debian's indexes for $release from $(mirror main): check the network (for a proxy: Acquire::http::Proxy in /etc/apt/apt.conf.d)"
	apt_chosen >"$dir/stamp"
}

# Fetch the indexes of a release unless they are fresh.
apt_update() {
	[ -f "$KEYRING" ] || die "no $KEYRING: install the package debian-archive-keyring"
	apt_fresh "$1" || with_lock "apt-$1" apt_update_locked "$1"
}

# Look again, whatever their age.
apt_update_again() {
	rm -f "$CACHE/apt/$1/stamp"
	apt_update "$1"
}

# Fetch packages of a release, each NAME or NAME=VERSION, into the folder DIR,
# verified by apt. Returns 3, and prints why, where the archive lists one that it
# does not have, or has another than it lists; what else goes wrong is the end.
apt_fetch() {
	local release=$1 dir=$2 rc=0 why
	shift 2
	mkdir -p "$dir"
	(cd "$dir" && apt_in "$release" get download "$@") 2>&1 | tee "$dir/log" >&2 || rc=$?
	if [ $rc = 0 ]; then
		rm "$dir/log"
		return
	fi
	why=$(grep -m 1 -E '^E: .*( (404|403|410) |File not found|Hash Sum mismatch|unexpected size)' "$dir/log") ||
		die "apt could not fetch: $* (from $(mirror main)): check the network and the disk"
	rm -r "$dir"
	printf '%s\n' "${why#E: }"
	return 3
}
