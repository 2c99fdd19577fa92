# SPDX-License-Identifier: GPL-2.0-only
#
# nptbudget: the module, the command, the tests. 'make help' has the targets.

VERSION	:= $(shell sed -n 's/^\#define NPTB_VERSION[ \t]*"\(.*\)"/\1/p' uapi/nptbudget.h)

# The kernel to build the module for: its headers, and its release.
KDIR	?= /lib/modules/$(shell uname -r)/build
KVER	= $(shell cat '$(KDIR)/include/config/kernel.release' 2>/dev/null || uname -r)

PREFIX	?= /usr/local
SBINDIR	?= $(PREFIX)/sbin
MANDIR	?= $(PREFIX)/share/man
COMPDIR	?= $(PREFIX)/share/bash-completion/completions
MODDIR	= /lib/modules/$(KVER)/updates
INSTALL	?= install
PAGES	:= $(patsubst userspace/man/%.4,man4/%.4,$(wildcard userspace/man/*.4)) \
	$(patsubst userspace/man/%.8,man8/%.8,$(wildcard userspace/man/*.8))

BUILD	:= $(CURDIR)/build
export BUILD

all: cli module

# The module is built in its folder, as DKMS does it. scripts/build-module.sh
# builds copies for the lab's kernels, side by side.
module: kdir
	$(MAKE) -C $(KDIR) M=$(CURDIR)/module modules

kdir:
	@test -e '$(KDIR)/Makefile' || { \
	echo 'No kernel headers at $(KDIR).' >&2; \
	echo 'Install them (Debian: apt-get install linux-headers-$(KVER)), give others with' >&2; \
	echo 'make KDIR=..., or build the command alone: make cli' >&2; exit 1; }

cli:
	$(MAKE) -C userspace all

check:
	scripts/check.sh

check-full:
	scripts/check.sh --full

check-debug:
	scripts/check.sh --debug

check-fresh:
	scripts/check-fresh.sh

check-alarms:
	scripts/check-alarms.sh

check-guests:
	scripts/check-guests.sh $(if $(KERNEL),--kernel $(KERNEL)) $(GUEST)

check-secureboot:
	scripts/check-secureboot.sh $(KERNEL)

check-unit:
	$(MAKE) -C userspace check
	@test ! -e selftests/unit/Makefile || $(MAKE) -C selftests/unit check
	@test ! -e selftests/native/Makefile || $(MAKE) -C selftests/native check

# On a real machine that is there to be lost: docs/HOSTS.md.
host-check:
	scripts/host-check.sh

demo:
	scripts/demo.sh

# The catalogue of instructions on Bochs' model of the CPU: slow.
probe-bochs:
	scripts/probe-bochs.sh

# Selftests and the probe on Intel's VT-x, in Bochs: slow.
check-intel:
	scripts/check-intel.sh $(if $(KERNEL),--kernel $(KERNEL))

check-intel-short:
	scripts/check-intel.sh --short

# docs/PROBE.md, from what the probe printed on each model.
probe-doc:
	scripts/probe-doc.sh

limit:
	scripts/limit.sh

bench:
	scripts/bench.sh $(if $(KERNEL),--kernel $(KERNEL)) $(if $(CASE),--case $(CASE))

bench-more:
	scripts/bench-more.sh $(if $(KERNEL),--kernel $(KERNEL)) $(or $(CASE),flushes growth events peers)

policies:
	scripts/policies.sh

install: install-module install-cli

install-module: module
	$(INSTALL) -D -m 644 module/nptbudget.ko '$(DESTDIR)$(MODDIR)/nptbudget.ko'
	@test -n '$(DESTDIR)' || depmod '$(KVER)'

install-cli: cli
	$(INSTALL) -D -m 755 build/bin/nptbudget '$(DESTDIR)$(SBINDIR)/nptbudget'
	$(INSTALL) -d '$(DESTDIR)$(MANDIR)/man4' '$(DESTDIR)$(MANDIR)/man8'
	$(INSTALL) -m 644 userspace/man/*.4 '$(DESTDIR)$(MANDIR)/man4'
	$(INSTALL) -m 644 userspace/man/*.8 '$(DESTDIR)$(MANDIR)/man8'
	$(INSTALL) -D -m 644 userspace/completion/nptbudget '$(DESTDIR)$(COMPDIR)/nptbudget'

deb:
	scripts/deb.sh

check-deb:
	scripts/check-deb.sh

uninstall:
	rm -f '$(DESTDIR)$(SBINDIR)/nptbudget' $(PAGES:%='$(DESTDIR)$(MANDIR)/%') \
		'$(DESTDIR)$(COMPDIR)/nptbudget' '$(DESTDIR)$(MODDIR)/nptbudget.ko'
	@test -n '$(DESTDIR)' || ! test -d '/lib/modules/$(KVER)' || depmod '$(KVER)'

# For DKMS: the sources where it looks for them; then dkms add, build, install.
install-dkms:
	$(INSTALL) -d '$(DESTDIR)/usr/src/nptbudget-$(VERSION)'
	git archive HEAD module uapi dkms.conf | \
		tar -x -C '$(DESTDIR)/usr/src/nptbudget-$(VERSION)'

clean:
	$(MAKE) -C userspace clean
	@test ! -e '$(KDIR)/Makefile' || $(MAKE) -C $(KDIR) M=$(CURDIR)/module clean
	rm -rf build/selftests build/unit build/native

help:
	@echo 'make                 the module for the running kernel, and the command'
	@echo 'make KDIR=DIR        the same for the kernel whose headers are in DIR'
	@echo 'make module          the module alone:  module/nptbudget.ko'
	@echo 'make cli             the command alone: build/bin/nptbudget'
	@echo 'make demo            install what is needed, and show what this is for'
	@echo 'make check           install what is needed, and run the tests'
	@echo 'make check-fresh     make demo and make check as a newcomer has them, in a pristine Debian 12'
	@echo 'make check-unit      the tests that need no lab'
	@echo 'make check-full      make check, and what takes long'
	@echo 'make check-alarms    Debian under budgets: is every loop that is reported one?'
	@echo 'make check-guests    firmware, memtest86+, Xen and others under budgets; with GUEST=NAME'
	@echo '                     that one alone'
	@echo 'make check-secureboot  sign the module, and load it on a machine with Secure Boot, emulated'
	@echo 'make check-debug     the selftests on a kernel with KASAN, lockdep and so on'
	@echo 'make check-intel     selftests and the probe on VT-x, in Bochs, on each kernel; or KERNEL=SERIES'
	@echo 'make check-intel-short   a little of it, on 6.12, as CI has it'
	@echo 'make host-check      try all of this on this machine, one to lose'
	@echo 'make probe-bochs     nptbudget probe on a second model of the CPU, for docs/PROBE.md'
	@echo 'make probe-doc       docs/PROBE.md anew'
	@echo 'make bench           instructions per fault, for docs/BENCH.md; with KERNEL=SERIES'
	@echo '                     or CASE=NAME that alone, printed'
	@echo 'make bench-more      flushes, memory, events and peers, for docs/BENCH.md; minutes each'
	@echo 'make policies        policies compared, for docs/POLICIES.md'
	@echo 'make limit           boot Linux with as few pages as can be, for docs/LIMIT.md'
	@echo 'make install         module, command, manual; PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)'
	@echo 'make install-module  and install-cli, each alone'
	@echo 'make install-dkms    the sources for DKMS: /usr/src/nptbudget-$(VERSION)'
	@echo 'make deb             Debian packages of HEAD: build/deb/'
	@echo 'make check-deb       build, install, upgrade and purge them in a pristine Debian 12 and 13'
	@echo 'make uninstall       take away what make install installed'
	@echo 'make clean           remove what was built, but not the lab: see scripts/lab'

.PHONY: all module kdir cli check check-full check-fresh check-alarms check-guests check-secureboot check-debug check-intel check-intel-short check-unit host-check demo probe-bochs probe-doc bench bench-more policies limit install \
	install-module install-cli install-dkms deb check-deb uninstall clean help
