# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Which packages make a kernel of a series, and which of them can be had now.
# Sourced after apt.sh.
#
# A set is an image and its headers, of one version: Debian lets what KVM has for
# its own modules change within an ABI. What else belongs to it, and in which
# version, apt finds out from what the packages depend on. Debian publishes those of one
# version at different times, and takes old ones away at different times.

# The status of the end where the archive has nothing at all of a series; kernel.sh
# has one of its own for it.
GONE=1

# A package of this flavour: no cloud, rt, dbg or unsigned.
kernel_names() {
	local release=$1 series=$2 part
	for part in image headers; do
		apt_in "$release" cache pkgnames "linux-$part-$series."
	done | grep -E '^linux-(image|headers)-[0-9][^-]*(-[0-9]+)?-amd64$' || true
}

# kernel_sets SERIES: what the archive lists, newest first, a line each: the
# version, the ABI, and which are there of "image" and "headers".
kernel_sets() {
	local series=$1 release names
	release=$(release_of "$series")
	names=$(kernel_names "$release" "$series")
	[ -n "$names" ] || return 0
	# shellcheck disable=SC2086 # names
	apt_in "$release" cache madison $names | tr -d ' ' | awk -F'|' '
		{
			match($1, /^linux-(image|headers)-/)
			set = $2 " " substr($1, RLENGTH + 1)
			part = substr($1, 7, RLENGTH - 7)
			if (!has[set, part]++) parts[set] = parts[set] " " part
		}
		END { for (set in parts) print set parts[set] }' | sort -rV
}

# kernel_solve SERIES VERSION ABI: the set's packages, NAME=VERSION a line, as apt
# finds them; or, with status 1, why it cannot. Where a package is there in
# the set's own version, that is the one to prefer. Of what apt would install
# along with them only the kernel's own packages are of use here.
kernel_solve() {
	local series=$1 version=$2 abi=$3 release said prefer rc=0
	release=$(release_of "$series")
	prefer=$CACHE/apt/$release/preferences.$$
	printf '%s\n' "Package: linux-*" "Pin: version $version" "Pin-Priority: 1001" >"$prefer"
	said=$(apt_in "$release" get -o Dir::Etc::preferences="$prefer" --no-install-recommends \
		--simulate install "linux-image-$abi=$version" "linux-headers-$abi=$version" 2>&1) || rc=1
	rm -f "$prefer"
	if [ $rc = 0 ]; then
		sed -nE "s/^Inst (linux-[^ ]*-${series/./\\.}([.+-][^ ]*)?) \(([^ ]+) .*/\1=\3/p" <<<"$said"
	else
		{ grep 'Depends:' <<<"$said" || grep '^E:' <<<"$said" || echo "apt does not say why"; } |
			sed 's/^ *//; s/ : / /' | paste -sd ';' | sed 's/;/; /g'
	fi
	return $rc
}

# kernel_whole SERIES VERSION ABI PART...: the same, where what the set is named
# for is there.
kernel_whole() {
	local part
	for part in image headers; do
		[[ " ${*:4} " == *" $part "* ]] || {
			echo "the archive lacks linux-$part-$3 $2"
			return 1
		}
	done
	kernel_solve "$1" "$2" "$3"
}

# The newest series of a release, where it is newer than this one.
kernel_successor() {
	local series=$1 newest
	newest=$(apt_in "$(release_of "$series")" cache pkgnames linux-image- |
		sed -nE 's/^linux-image-([0-9]+\.[0-9]+)\.[^-]+(-[0-9]+)?-amd64$/\1/p' | sort -uV | tail -n 1)
	[ "$(printf '%s\n' "$series" "$newest" | sort -V | tail -n 1)" = "$series" ] || echo "$newest"
}

# What can be done without a series, for messages.
kernel_advice() {
	local series=$1
	say "  go on with the others, which are not touched by this: scripts/lab --kernel K, K one of: $(
		tr ' ' '\n' <<<"$SERIES_STOCK" | grep -vx "$series" | paste -sd ' ')"
	say "  or have it from a snapshot of the archive: NPTBUDGET_MIRROR=URL, see docs/KERNELS.md"
}

# The end where the archive has no kernel of the series.
kernel_gone() {
	local series=$1 release newer
	release=$(release_of "$series")
	newer=$(kernel_successor "$series")
	say "Debian's archive for $release has no kernel $series${newer:+ any more: it has moved on to $newer}. What to do:"
	kernel_advice "$series"
	[ -z "$newer" ] || say "  or add $newer to the project: docs/KERNELS.md, \"The next series\""
	exit $GONE
}

# The end where no set of it is whole.
kernel_broken() {
	say "no kernel $1 can be had whole from Debian's archive now, for the reasons above. What to do:"
	say "  try again in some hours: packages of one version are published at different times"
	kernel_advice "$1"
	exit 1
}

# The sets to try: all, or the one that was picked by hand.
kernel_candidates() {
	local series=$1 pick sets
	pick=$(pick_of "$series")
	sets=$(kernel_sets "$series")
	if [ -z "$pick" ] || [ -z "$sets" ]; then
		printf '%s\n' "$sets"
		return
	fi
	awk -v p="$pick" '$1 == p || $2 == p || $2 == p "-amd64" { print; n++ } END { exit !n }' <<<"$sets" ||
		usage_error "$(pick_variable "$series")=$pick: Debian's archive has no such kernel; there are: $(
			awk 'NF == 4 { printf "%s%s (%s)", sep, $1, $2; sep = ", " }' <<<"$sets")"
}

# What kernel_take found.
taken_version='' taken_abi='' taken_packages=''
: "$taken_version" "$taken_abi" "$taken_packages"

# kernel_take SERIES [DIR]: the newest set that can be had whole; with DIR, its
# packages are fetched there. Sets taken_version, taken_abi and taken_packages, and
# says which newer ones it passed over and why.
kernel_take() {
	local series=$1 dir=${2-} again=${3-} release sets version abi parts why rc
	release=$(release_of "$series")
	apt_update "$release"
	sets=$(kernel_candidates "$series") || exit
	[ -n "$sets" ] || kernel_gone "$series"
	while read -r version abi parts; do
		rc=0
		# shellcheck disable=SC2086 # a list
		why=$(kernel_whole "$series" "$version" "$abi" $parts) || rc=$?
		taken_version=$version taken_abi=$abi taken_packages=$why
		[ $rc != 0 ] || [ -z "$dir" ] || {
			# shellcheck disable=SC2086 # a list
			why=$(apt_fetch "$release" "$dir" $taken_packages) || rc=$?
		}
		case $rc in
		0) return 0 ;;
		3)	# The indexes may be older than the archive.
			[ -n "$again" ] || {
				say "$series: $version ($abi) is listed and cannot be downloaded ($why): looking again"
				apt_update_again "$release"
				kernel_take "$series" "$dir" again
				return
			} ;;
		esac
		[ -n "$why" ] || exit 1
		say "$series: $version ($abi) cannot be had whole: $why"
	done <<<"$sets"
	kernel_broken "$series"
}
