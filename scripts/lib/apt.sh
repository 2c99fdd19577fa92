# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian packages of suites this machine need not have: a private apt state
# beside the machine's own, which stays untouched. Sourced after common.sh.
#
# The mirror is the one the machine already uses, asked of apt itself, so that
# proxies and local mirrors work and no host name is written down here. apt
# checks every package against Debian's signed indexes.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# The base address of the archive (main) or of its security part.
mirror() {
	local want=$1 url
	# shellcheck disable=SC2016 # apt expands these
	url=$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
		awk -F'|' -v l="$want" '$1 == l && !n++ { print $2 }')
	if [ -z "$url" ] && [ "$want" = Debian-Security ]; then
		url=$(mirror Debian) || return
		url=${url%/}-security
	fi
	[ -n "$url" ] || {
		say "apt knows no Debian mirror: add Debian's main archive to /etc/apt/sources.list, then run apt-get update"
		return 1
	}
	printf '%s\n' "${url%/}"
}

# apt_in RELEASE TOOL ARGS...: run apt-TOOL on the private state of a release.
apt_in() {
	local release=$1 tool=$2 dir=$CACHE/apt/$1
	shift 2
	"apt-$tool" -q -o Dir::Etc::sourcelist="$dir/sources.list" \
		-o Dir::Etc::sourceparts="$dir/none.d" -o Dir::Etc::preferences="$dir/none" \
		-o Dir::Etc::preferencesparts="$dir/none.d" -o Dir::State::lists="$dir/lists" \
		-o Dir::Cache="$dir/cache" -o Acquire::Retries=4 \
		-o Acquire::Languages=none -o APT::Sandbox::User=root \
		-o APT::Update::Post-Invoke-Success::= "$@"
}

# Fetch the indexes of a release (bookworm or trixie) unless they are fresh:
# an hour is short enough never to ask for a version that has aged out.
apt_update() {
	local release=$1 dir=$CACHE/apt/$1 main security suite
	[ -f "$KEYRING" ] || die "no $KEYRING: install the package debian-archive-keyring"
	[ -n "$(find "$dir/stamp" -mmin -60 2>/dev/null)" ] && return
	main=$(mirror Debian) || exit 1
	security=$(mirror Debian-Security) || exit 1
	mkdir -p "$dir/none.d" "$dir/lists/partial" "$dir/cache/archives/partial"
	{
		for suite in "$release" "$release-backports"; do
			# Only trixie's backports are used; do not fetch the rest.
			[ "$suite" = bookworm-backports ] ||
				echo "deb [signed-by=$KEYRING] $main $suite main"
		done
		echo "deb [signed-by=$KEYRING] $security $release-security main"
	} >"$dir/sources.list"
	apt_in "$release" get update --error-on=any >&2 ||
		die "apt could not fetch Debian's indexes for $release from $main: check the network"
	touch "$dir/stamp"
}

# Fetch packages of a release into the folder DIR, verified by apt.
# A package may be given as NAME or NAME=VERSION.
apt_fetch() {
	local release=$1 dir=$2
	shift 2
	mkdir -p "$dir"
	(cd "$dir" && apt_in "$release" get download "$@" >&2) ||
		die "apt could not fetch: $*"
}
