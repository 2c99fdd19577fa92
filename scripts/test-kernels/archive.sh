# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Small archives of Debian packages, made here and signed with a key made here.
# Sourced by test-kernels.sh, which sets tmp. The packages are Debian's in name,
# version and dependencies, and hold next to nothing.

: "${tmp:?where all of it goes}"

# Which suites there are: those that release_suites names.
SUITES="main/bookworm security/bookworm-security
	main/trixie main/trixie-backports security/trixie-security"

# A key, and where it lies: its folder has a short name, for sockets in it.
key_make() {
	GNUPGHOME=$(mktemp -d /tmp/nptb-gpg.XXXXXX)
	export GNUPGHOME
	gpg -q --batch --passphrase '' --quick-gen-key nptbudget-test ed25519 sign never 2>/dev/null
	gpg --export >"$tmp/keyring.gpg"
}

key_remove() {
	[ -n "${GNUPGHOME-}" ] || return 0
	# One that has just been started answers nobody yet, so it is not asked.
	pkill -KILL -f "^gpg-agent --homedir $GNUPGHOME " || true
	rm -rf "$GNUPGHOME"
}

# A kernel image as far as it is looked into: a boot sector that says where the
# payload lies, the payload, and its size.
image_make() {
	perl -e '
		my $payload = qx(echo kernel | gzip -n) . "\0" x 4;
		my $head = "\0" x 1024;
		substr($head, 0x1f1, 1) = chr 1;
		substr($head, 0x248, 8) = pack "VV", 0, length $payload;
		print $head, $payload' >"$tmp/vmlinuz"
}

# deb NAME VERSION DEPENDS [FILE...]: a package in $tmp/debs; the file vmlinuz has
# the image in it, every other says which version it is of.
deb() {
	local name=$1 version=$2 depends=$3 file root=$tmp/root
	shift 3
	rm -rf "$root"
	mkdir -p "$root/DEBIAN" "$tmp/debs"
	printf '%s\n' "Package: $name" "Version: $version" "Architecture: amd64" \
		"Maintainer: nobody <nobody@localhost>" "Description: a test's" \
		${depends:+"Depends: $depends"} >"$root/DEBIAN/control"
	for file in "$@"; do
		mkdir -p "$root/$(dirname "$file")"
		case $file in
		*/vmlinuz*) cp "$tmp/vmlinuz" "$root/$file" ;;
		*) echo "$version" >"$root/$file" ;;
		esac
	done
	dpkg-deb -Znone --root-owner-group -b "$root" "$tmp/debs/${name}_${version}_amd64.deb" >/dev/null
}

# The packages of a kernel, each as Debian's bookworm has them: image ABI VERSION.
image() { deb "linux-image-$1-amd64" "$2" kmod "boot/vmlinuz-$1-amd64" "lib/modules/$1-amd64/modules.order"; }
common() { deb "linux-headers-$1-common" "$2" '' "usr/src/linux-headers-$1-common/Makefile"; }
headers() {
	common "$1" "$2"
	deb "linux-headers-$1-amd64" "$2" \
		"linux-headers-$1-common (= $2), linux-kbuild-6.1 (>= $2)" \
		"usr/src/linux-headers-$1-amd64/Makefile"
}
kbuild() { deb linux-kbuild-6.1 "$1" '' usr/lib/linux-kbuild-6.1/version; }
# Those of 6.12, with one kbuild package each, and those of trixie's backports.
set_612() {
	image "$1" "$2"
	common "$1" "$2"
	deb "linux-kbuild-$1" "$2" '' "usr/lib/linux-kbuild-$1/version"
	deb "linux-headers-$1-amd64" "$2" \
		"linux-headers-$1-common (= $2), linux-image-$1-amd64 (= $2), linux-kbuild-$1" \
		"usr/src/linux-headers-$1-amd64/Makefile"
}
set_trixie() {
	local abi=$1-amd64
	common "$1" "$2"
	deb "linux-base-$abi" "$2" '' "usr/share/doc/linux-base-$abi/copyright"
	deb "linux-binary-$abi" "$2" "linux-base-$abi (= $2)" "usr/lib/modules/$abi/vmlinuz"
	deb "linux-modules-$abi" "$2" "kmod, linux-base-$abi (= $2)" "usr/lib/modules/$abi/modules.order"
	deb "linux-image-$abi" "$2" \
		"linux-base-$abi (= $2), linux-binary-$abi (= $2), linux-modules-$abi (= $2)"
	deb "linux-kbuild-$1" "$2" '' "usr/lib/linux-kbuild-$1/version"
	deb "linux-headers-$abi" "$2" \
		"linux-base (>= 4.17~), linux-base-$abi (= $2), linux-headers-$1-common (= $2), linux-kbuild-$1" \
		"usr/src/linux-headers-$abi/Makefile"
}
# kernel_source SERIES VERSION
kernel_source() {
	local top=linux-source-$1
	deb "$top" "$2" ''
	mkdir -p "$tmp/source/$top"/{arch/x86,include,scripts,tools,virt} "$tmp/root/usr/src"
	echo "$2" >"$tmp/source/$top/Makefile"
	touch "$tmp/source/$top/COPYING"
	tar -c -J -C "$tmp/source" -f "$tmp/root/usr/src/$top.tar.xz" "$top"
	dpkg-deb -Znone --root-owner-group -b "$tmp/root" "$tmp/debs/${top}_$2_amd64.deb" >/dev/null
}

# publish ARCHIVE PLACE/SUITE DEB...: a suite of an archive, with packages of $tmp/debs
# by what their files' names begin with. Old packages of the suite are gone.
publish() {
	local top=$tmp/$1/${2%/*} suite=${2#*/} name dists
	dists=dists/$suite
	shift 2
	rm -rf "${top:?}/pool/$suite" "${top:?}/$dists"
	mkdir -p "$top/pool/$suite" "$top/$dists/main/binary-amd64"
	for name in "$@"; do ln "$tmp/debs/$name"* "$top/pool/$suite/"; done
	(cd "$top" && apt-ftparchive packages "pool/$suite") >"$top/$dists/main/binary-amd64/Packages"
	release_sign "$top/$dists" "$suite"
}

# release_sign DIR SUITE [LINE...]
release_sign() {
	local dir=$1 suite=$2 option
	local -a options=()
	for option in Origin=test Label=test "Suite=$suite" "Codename=$suite" \
		Architectures=amd64 Components=main; do
		options+=(-o "APT::FTPArchive::Release::$option")
	done
	[[ $suite != *-backports ]] ||
		options+=(-o APT::FTPArchive::Release::NotAutomatic=yes
			-o APT::FTPArchive::Release::ButAutomaticUpgrades=yes)
	rm -f "$dir"/{InRelease,Release}
	apt-ftparchive "${options[@]}" release "$dir" >"$tmp/Release"
	printf '%s\n' "${@:3}" | cat - "$tmp/Release" | sed '/^$/d' >"$dir/Release"
	gpg -q --batch --yes --clearsign -o "$dir/InRelease" "$dir/Release"
}

# archive NAME: with every suite, empty; to publish in.
archive() {
	local each
	rm -rf "${tmp:?}/$1" "$tmp/cache-$1"
	if [ ! -d "$tmp/empty" ]; then
		mkdir -p "$tmp/empty"
		for each in $SUITES; do publish empty "$each"; done
	fi
	cp -r "$tmp/empty" "$tmp/$1"
}
