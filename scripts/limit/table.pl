#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# docs/LIMIT.md from docs/LIMIT.json, which record.pl makes:
#   table.pl FILE
use strict;
use warnings;
use JSON::PP;

my ($file) = @ARGV;

# Opcodes as the module gives them: the last byte of a group's is ModRM's reg.
my %opcodes = (
	'48cf' => 'IRETQ', 'cc' => 'INT3', '0fae05' => 'LFENCE', '0fae06' => 'MFENCE',
	'0fae07' => 'SFENCE', '480fc701' => 'CMPXCHG16B', '490fc701' => 'CMPXCHG16B',
	'0f0107' => 'SWAPGS or RDTSCP', '0fae00' => 'FXSAVE', '0fae01' => 'FXRSTOR',
	'480fae00' => 'FXSAVE64', 'db04' => 'x87', 'db00' => 'x87',
);
my %vectors = (
	3 => '#BP, kernel text being patched', 14 => '#PF',
	48 => 'IRQ 0, the timer', 236 => 'local APIC timer',
);

open my $fh, '<', $file or die "$file: $!\n";
my $all = do { local $/; decode_json(<$fh>) };
my %runs = %{$all->{runs}};

# A run by its name, with what the name says, or nothing.
sub named {
	my ($name) = @_;
	my $r = $runs{$name} or return;
	my ($guest, $on_loop, $pages, $backing) = split /-/, $name;
	return { %$r, name => $name, guest => $guest, on_loop => $on_loop, pages => $pages,
		backing => $backing // 'resident', s => $r->{stats} };
}

# The runs of a guest in some modes, the largest budget first.
sub chosen {
	my ($guest, @on_loop) = @_;
	my %wanted = map { $_ => 1 } @on_loop;
	return sort { $a->{on_loop} cmp $b->{on_loop} or $b->{pages} <=> $a->{pages} }
		grep { $_->{guest} eq $guest && $wanted{$_->{on_loop}} && $_->{backing} eq 'resident' }
		map { named($_) } keys %runs;
}

sub row { return '| ' . join(' | ', @_) . " |\n" }

my %ways = (reached => 'reached', stopped => 'no: stopped in a loop', ended => 'no: the guest ended');
my %vcpus = (smp => 2);

sub way { my ($r) = @_; return $ways{$r->{how}} // "not in $r->{given} s" }

# Runs in which nothing is emulated.
sub table {
	my @rows = @_ or return "Not run yet.\n";
	my $text = row('budget', 'on_loop', 'user space', 'faults', 'loops: instructions',
		'deliveries', 'most resident', 'pages lent, at a time', 'in sum', 'L1 s', 'CPU s', 'date');
	$text .= row('---:', '---', '---', ('---:') x 8, '---');
	for my $r (@rows) {
		my $s = $r->{s};
		$text .= row($r->{pages}, $r->{on_loop}, way($r), $s->{faults},
			$s->{loops} - $s->{loops_event}, $s->{loops_event}, $s->{peak}, $s->{lent_peak},
			$s->{lent}, $r->{seconds}, $r->{cpu}, $r->{date});
	}
	return $text;
}

# Runs with emulation: by whom.
sub emulated {
	my @rows = grep { defined } @_ or return "Not run yet.\n";
	my $text = row('on_loop', 'vCPUs', 'user space', 'faults', 'most resident', 'lent', 'refused',
		'emulated by KVM', 'by the module', 'of these IRET', 'deliveries, by the module',
		'L1 s', 'CPU s', 'date');
	$text .= row('---', '---:', '---', ('---:') x 10, '---');
	for my $r (@rows) {
		my $s = $r->{s};
		$text .= row($r->{on_loop}, $vcpus{$r->{guest}} // 1, way($r), $s->{faults}, $s->{peak},
			$s->{lent}, $s->{refused}, $s->{instructions} - $s->{carried}, $s->{carried},
			$s->{irets}, $s->{deliveries}, $r->{seconds}, $r->{cpu}, $r->{date});
	}
	return $text;
}

# In words, whether a run got there.
sub headline {
	my ($name, $who) = @_;
	my $r = named($name) or return "Not run yet.\n";
	my ($s, $oracle) = ($r->{s}, $r->{oracle});
	my $got = $r->{how} eq 'reached' ? "**$who reached user space with one resident page**" :
		"$who did not reach user space with one resident page";
	my $text = "$got: $s->{instructions} instructions emulated, $s->{deliveries} events delivered, "
		. "$r->{seconds} seconds of L1's clock, $r->{cpu} CPU seconds of this machine. "
		. "Resident at most: $s->{peak}; lent: $s->{lent}; refused: $s->{refused}.";
	$text .= " KVM's counters, sampled $oracle->{samples} times meanwhile: $oracle->{resident} at most."
		if $oracle->{samples};
	return "$text\n";
}

# How much it did.
sub busybox {
	my ($name) = @_;
	my $r = named($name) or return "Not run yet.\n";
	my %work = map { split /=/, $_, 2 } split ' ', $r->{work} // '';
	my $got = $r->{how} eq 'reached' ? '**It came to the right results with one page**' :
		'It did not get through with one page';
	my $cpu = $work{CPU} ? " The guest's CPU has `BUSYBOX_CPU=$work{CPU}`\nas well." : '';
	return "$got: $work{LINES} numbers, $work{BYTES} bytes.$cpu\n";
}

# What is backed, beside what is resident.
sub backed {
	my @rows = grep { defined } @_ or return "Not run yet.\n";
	my $text = row('on_loop', 'vCPUs', 'user space', 'most resident', 'KVM\'s counters, sampled',
		'backed at most', 'samples', 'promised', 'lent', 'refused', 'given up', 'L1 s', 'CPU s', 'date');
	$text .= row('---', '---:', '---', ('---:') x 10, '---');
	for my $r (@rows) {
		my ($s, $o, $vcpus) = ($r->{s}, $r->{oracle}, $vcpus{$r->{guest}} // 1);
		$text .= row($r->{on_loop}, $vcpus, way($r), $s->{peak}, $o->{resident}, $o->{backed},
			$o->{samples}, $r->{pages} + $vcpus + 48, $s->{lent}, $s->{refused},
			$s->{reclaimed} // '-', $r->{seconds}, $r->{cpu}, $r->{date});
	}
	return $text;
}

# On Bochs' Haswell: hard budgets, then what is emulated.
sub intel {
	my @runs = map { named($_) } grep { /-intel$/ } sort keys %runs;
	my @hard = sort { $b->{pages} <=> $a->{pages} } grep { $_->{on_loop} =~ /^(stop|lend)$/ } @runs;
	my @soft = grep { $_->{on_loop} =~ /^(emulate|strict)$/ } @runs;
	return table(@hard) . (@soft ? "\n" . emulated(@soft) : '');
}

# What stood between a guest and its budget, in one run.
sub lends {
	my ($name) = @_;
	my $r = named($name) or return "Not run yet.\n";
	return "Nothing was lent pages.\n" unless @{$r->{lends}};
	my $text = row('what', 'not emulated', 'lent pages', 'pages in sum', 'at most');
	$text .= row('---', '---:', '---:', '---:', '---:');
	for my $l (sort { $b->{lends} <=> $a->{lends} } @{$r->{lends}}) {
		my ($op, $vector) = ($l->{opcode}, $l->{vector});
		my $what = defined $op ? "opcode `$op`" . ($opcodes{$op} ? " ($opcodes{$op})" : '') :
			defined $vector ? "delivery of vector $vector" .
				($vectors{$vector} ? " ($vectors{$vector})" : '') : 'others';
		$text .= row($what, $l->{refused}, $l->{lends}, $l->{pages}, $l->{peak});
	}
	return "Every kind of instruction and event delivery that was lent pages:\n\n$text";
}

sub bursts {
	my $b = $all->{bursts} or return "Not run yet.\n";
	my $text = row('burst, at most', 'instructions emulated', 'faults for 1,000 of them',
		"L1's instructions for each", 'gain');
	$text .= row(('---:') x 5);
	my $one;
	for my $l (@{$b->{lines}}) {
		my ($burst, $instructions, $faults, $ns) = @$l;
		my $each = $ns / $instructions;
		$one //= $each;
		$text .= row($burst, $instructions, sprintf('%.0f', 1000 * $faults / $instructions),
			sprintf('%.0f', $each), sprintf('%.1f', $one / $each));
	}
	return "$text\nMeasured on $b->{date}, $b->{kernel}.\n";
}

sub least {
	my ($low, $high) = @{$all->{least} // return "Not run yet.\n"};
	my ($r, $ok) = map { named("small-stop-$_") } $low, $high;
	my $text = "With **$high pages** it boots, with $low it does not.";
	$text .= " With $high it took $ok->{s}{faults} faults and no loop." if $ok;
	if ($r && $r->{loop}) {
		my $loop = $r->{loop};
		my $insn = $loop->{disassembly} // $loop->{insn} // '?';
		my $needs = $loop->{needs} // scalar @{$loop->{pages}};
		my $what = $loop->{class} eq 'event-delivery' ?
			"the delivery of vector $loop->{vector} at rip $loop->{rip}" :
			"an instruction, `$insn` at rip $loop->{rip}";
		$text .= " What stops it at $low: $what, which needs at least $needs pages at once:\n\n";
		$text .= join('', map { "- gfn $_->{gfn}: " . roles($_) . "\n" } @{$loop->{pages}});
	}
	return "$text\n" . table(chosen('small', 'stop'));
}

# What a page of a loop is for.
sub roles {
	my ($page) = @_;
	my $for = join(', ', @{$page->{for}}) || 'unknown';
	return "page table, level $page->{level} of $for" if $page->{level};
	return join('/', @{$page->{roles}}) . ", $for";
}

# The table of other guests' least budgets, out of GUESTS.md beside FILE, where
# check-guests.sh --write puts it.
sub guests {
	my $doc = $file =~ s/[^\/]*$/GUESTS.md/r;
	open my $in, '<', $doc or die "$doc: $!\n";
	my $text = do { local $/; <$in> };
	return $text =~ /<!-- floors -->\n\n(.*?)\n<!-- end -->/s ? $1 : die "$doc: no floors\n";
}

my %kernels = map { $_->{kernel} => 1 } values %runs;
my $kernels = join(', ', sort keys %kernels);

print <<"EOT";
# Linux at the limit

Made by `make limit` from LIMIT.json; do not edit. Each run boots a guest in the lab and
ends when it has reached user space, or when its time is over. `scripts/limit.sh --list`
tells how far they are, `scripts/limit.sh NAME` does one again; what is not done again
keeps its row and its date.

CPU: QEMU's TCG, AMD EPYC model (emulated), one CPU. Host kernel: Debian's
$kernels. L1's clock counts instructions (`lab --icount`): a second is 10^9 of them,
and the guest's timer ticks by it, so that a busy machine changes little but the
CPU's seconds. The time is from the guest's first fault on. "Not in 40 s"
is where a run was ended that had not got there by then, by this clock.

The small guest is Debian's linux-source 6.12 with `scripts/limit/guest.config` on
QEMU's microvm with 32 MiB; its first process (`scripts/limit/init.c`) prints from
user space, adds up what it wrote to 16 pages, on each CPU, and prints whether that was
right. With two vCPUs its kernel is built with `scripts/limit/guest-smp.config` as well. With
two vCPUs on the one CPU, or with pages on zram, the handler of a tick takes longer than the
10 ms from one to the next, and nothing else would get its turn: there the guest is told
that its TSC is ten times as fast as it is (`tsc_early_khz`), so that a tick comes each
100 ms. The
Debian guest is the stock kernel of the demo with 256 MiB, but where it has one page.

[GUESTS.md](GUESTS.md) has the least budgets of firmware, memtest86+, Xen and others.

`most resident` is by KVM's own counters, at every leaf that is made. Under `lend` and
`emulate` the limit is the budget plus what is lent. `refused` is what could not be
emulated: under `strict` the guest would stop there.

## With one page, strictly

Commands: `scripts/limit.sh small-strict-1 smp-strict-1`. Nothing is lent; what cannot be
emulated stops the guest.

One vCPU. @{[headline('small-strict-1', 'Linux')]}
Two vCPUs, one page for both. @{[headline('smp-strict-1', 'Linux with two vCPUs')]}
@{[emulated(named('small-strict-1'), named('smp-strict-1'), named('small-emulate-1'))]}
With `emulate` (`scripts/limit.sh small-emulate-1`), which may lend pages:
@{[lends('small-emulate-1')]}
## busybox with one page

Commands: `scripts/limit.sh busybox-strict-1`. The kernel of the small guest, and Debian's
static busybox as its user space: `scripts/limit/busybox-init`, a shell script, sorts
numbers, counts those with a 7 (grep), and takes a SHA-256 of bytes of busybox itself. What
comes of it has to be what other programs made of the same before
(`scripts/lib/small-guest.sh`).

@{[busybox('busybox-strict-1')]}
@{[emulated(named('busybox-strict-1'))]}
## Debian's kernel with one page

Commands: `scripts/limit.sh debian-strict-1`. Debian's stock 6.1 on QEMU's microvm with 128
MiB, and busybox's shell as its first process, which prints what kernel it runs on. By the
kernel's command line (`scripts/limit/guests.sh`) the clock is slowed down as above, for its
ticks come each 4 ms, and left out is what two thirds of its instructions are for: tests of
its ciphers, signatures of its own certificates, a walk through all its page tables. Its code
is what Debian ships.

@{[headline('debian-strict-1', "Debian's kernel")]}
@{[emulated(named('debian-strict-1'))]}
## Backed by few pages

Commands: `scripts/limit.sh small-strict-1-reclaim smp-strict-1-reclaim`: the same, with
`backing=reclaim` and swap on zram, so that the host gives up what is evicted as well.
`backed` is what of the guest's 32 MiB the VMM's page tables map, by /proc/PID/pagemap,
each 10 ms of L1's clock (`selftests/tools/oracle.c`). `promised` is the budget + D, and D a
page for each vCPU and 48 for what the host itself touches; [BACKING.md](BACKING.md) says why it
is not 1: what is emulated is read by host addresses, its code, its tables and its operands.

@{[backed(named('small-strict-1-reclaim'), named('smp-strict-1-reclaim'))]}
## What bursts gain

The small guest with one page and `emulate`, up to the same number of instructions, with
bursts of different lengths (`scripts/limit.sh bursts`). L1's instructions are all that the
host executed, user space and idle time included, and what it took to look at the counts,
some five times for each row. The 2,106 that stood in the last row until 2026-11-30 had looks
each 100 ms in it.

@{[bursts()]}
## The small guest with pages lent

Commands: `scripts/limit.sh small-lend-16` and so on.

@{[table(chosen('small', 'lend'))]}
## The least hard budget

With no page lent and nothing emulated; found by bisection with `on_loop=stop`
(`scripts/limit.sh small-least`).
@{[least()]}
## On Intel's VT-x

Commands: `scripts/limit-intel.sh`, or with names of runs, as `small-strict-1-intel`. CPU: Bochs
2.7's `corei7_haswell_4770` (emulated), with EPT and "unrestricted guest"; L1 is Debian's
6.12, its clock again counts 10^9 instructions a second. The guest and QEMU are the same; QEMU is in
L1's initramfs.

@{[intel()]}
## Debian's kernel

Commands: `scripts/limit.sh debian-lend-64` and so on.

@{[table(chosen('debian', 'lend'))]}
## Firmware, memtest86+, Xen and others

The least hard budget of each, by `scripts/check-guests.sh --floor`: nothing is lent or
emulated, and what counts as living is that it does what it is for in the seconds given.
[GUESTS.md](GUESTS.md) says what each is, what it does, and how it was searched for. Debian's
kernel is too slow with so few pages (above), so under xen, microvm and balloon
"small Linux" is the small guest's kernel with the same devices, as Xen's dom0 also with what
that takes; the row "Debian's Linux" is the least that was seen to do with the stock kernel.

@{[guests()]}
EOT
