#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# docs/LIMIT.md from the results of limit.sh:
#   table.pl DIRECTORY
use strict;
use warnings;
use JSON::PP;

my ($dir) = @ARGV;

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

sub slurp {
	my ($file) = @_;
	open my $fh, '<', $file or return undef;
	local $/;
	return <$fh>;
}

# All that is known of one run, or nothing.
sub result {
	my ($name) = @_;
	my ($how, $seconds) = split ' ', (slurp("$dir/$name/result") // return);
	my ($guest, $on_loop, $pages, $version, $given) = split ' ', (slurp("$dir/$name/what") // return);
	my ($wall, $cpu) = split ' ', (slurp("$dir/$name/cost") // '- -');
	my $summary = decode_json(slurp("$dir/$name/summary.json") // return);
	my $vm = $summary->{vms}[0] or return;
	return { name => $name, how => $how, seconds => $seconds, guest => $guest,
		on_loop => $on_loop, pages => $pages, version => $version, given => $given, vm => $vm,
		cpu => $cpu, wall => $wall, stats => $vm->{stats} };
}

sub by_pages { $b->{pages} <=> $a->{pages} }

my @results = map { result($_) // () } map { m{([^/]+)/result$} } glob("$dir/*/result");
my ($version) = map { $_->{version} } @results;
die "no results in $dir\n" unless $version;

sub named { my ($name) = @_; return (grep { $_->{name} eq $name } @results)[0] }

sub row { return '| ' . join(' | ', @_) . " |\n" }

my %ways = (reached => 'reached', stopped => 'no: stopped in a loop',
	timeout => 'not in', ended => 'no: the guest ended');

sub table {
	my ($guest, @on_loop) = @_;
	my %wanted = map { $_ => 1 } @on_loop;
	my @rows = sort { $a->{on_loop} cmp $b->{on_loop} or by_pages }
		grep { $_->{guest} eq $guest && $wanted{$_->{on_loop}} } @results;
	return "Not run yet.\n" unless @rows;
	my $text = row('budget', 'on_loop', 'user space', 'faults', 'loops: instructions',
		'deliveries', 'most resident', 'pages lent, at a time', 'in sum', 'emulated',
		'IRETQ', 'refused', 'L1 s', 'CPU s');
	$text .= row('---:', '---', '---', ('---:') x 11);
	for my $r (@rows) {
		my $s = $r->{stats};
		my $way = $ways{$r->{how}} // $r->{how};
		$way .= " $r->{given} s" if $r->{how} eq 'timeout';
		$text .= row($r->{pages}, $r->{on_loop}, $way,
			$s->{faults}, $s->{loops} - ($s->{loops_event} // 0), $s->{loops_event} // '?',
			$s->{peak}, $s->{lent_peak}, $s->{lent}, $s->{instructions},
			$s->{irets}, $s->{refused}, $r->{seconds}, $r->{cpu});
	}
	return $text;
}

# In words, whether a run got there.
sub headline {
	my ($name) = @_;
	my $r = named($name) or return "Not run yet.\n";
	my $s = $r->{stats};
	my $got = $r->{how} eq 'reached' ?
		"**Linux reached user space with one resident page**" :
		"Linux did not reach user space with one resident page in this time";
	return "$got: $s->{instructions} instructions emulated, $r->{seconds} seconds of L1's clock, "
		. "$r->{cpu} CPU seconds of this machine ($r->{wall} seconds of wall time). "
		. "At most $s->{lent_peak} pages were lent at a time, so that $s->{peak} were resident at most.\n";
}

# What stood between a guest and its budget, in one run.
sub lends {
	my ($name) = @_;
	my $r = named($name) or return "Not run yet.\n";
	my $text = row('what', 'not emulated', 'lent pages', 'pages in sum', 'at most');
	$text .= row('---', '---:', '---:', '---:', '---:');
	for my $l (sort { $b->{lends} <=> $a->{lends} } @{$r->{vm}{lends}}) {
		my ($op, $vector) = ($l->{opcode}, $l->{vector});
		my $what = defined $op ? "opcode `$op`" . ($opcodes{$op} ? " ($opcodes{$op})" : '') :
			defined $vector ? "delivery of vector $vector" .
				($vectors{$vector} ? " ($vectors{$vector})" : '') : 'others';
		$text .= row($what, $l->{refused}, $l->{lends}, $l->{pages}, $l->{peak});
	}
	return $text;
}

# Lines of "burst instructions faults L1's-instructions".
sub bursts {
	my @lines = map { [split] } split /\n/, (slurp("$dir/bursts/result") // return "Not run yet.\n");
	my $text = row('burst, at most', 'instructions emulated', 'faults for 1,000 of them',
		"L1's instructions for each", 'gain');
	$text .= row(('---:') x 5);
	my $one;
	for my $l (@lines) {
		my ($burst, $instructions, $faults, $ns) = @$l;
		my $each = $ns / $instructions;
		$one //= $each;
		$text .= row($burst, $instructions, sprintf('%.0f', 1000 * $faults / $instructions),
			sprintf('%.0f', $each), sprintf('%.1f', $one / $each));
	}
	return $text;
}

sub least {
	my ($low, $high) = split ' ', (slurp("$dir/small-least/result") // return "Not run yet.\n");
	my ($r, $ok) = map { named("small-stop-$_") } $low, $high;
	my $text = "With **$high pages** it boots, with $low it does not.";
	$text .= " With $high it took $ok->{stats}{faults} faults and no loop." if $ok;
	if ($r && @{$r->{vm}{loops}}) {
		my $loop = $r->{vm}{loops}[-1];
		my $insn = $loop->{disassembly} // $loop->{insn} // '?';
		my $needs = $loop->{needs} // scalar @{$loop->{pages}};
		my $what = $loop->{class} eq 'event-delivery' ?
			"the delivery of vector $loop->{vector} at rip $loop->{rip}" :
			"an instruction, `$insn` at rip $loop->{rip}";
		$text .= " What stops it at $low: $what, which needs at least $needs pages at once:\n\n";
		$text .= join('', map { "- gfn $_->{gfn}: " . roles($_) . "\n" } @{$loop->{pages}});
	}
	return "$text\n" . table('small', 'stop');
}

# What a page of a loop is for.
sub roles {
	my ($page) = @_;
	my $for = join(', ', @{$page->{for}}) || 'unknown';
	return "page table, level $page->{level} of $for" if $page->{level};
	return join('/', @{$page->{roles}}) . ", $for";
}

print <<"EOT";
# Linux at the limit

Made by `make limit`; do not edit. Each run boots a guest in the lab and ends when
it has reached user space, or when its time is over. `scripts/limit.sh --list` tells
how far they are, `scripts/limit.sh NAME` does one again.

CPU: QEMU's TCG, AMD EPYC model (emulated), one CPU, one vCPU. Host kernel: Debian's
$version. L1's clock counts instructions (`lab --icount`): a second is 10^9 of them,
and the guest's timer ticks by it, so that a busy machine changes little but the
CPU's and the wall's seconds. The time is from the guest's first fault on. "Not in 40 s"
is where a run was ended that had not got there by then, by this clock.

The small guest is Debian's linux-source 6.12 with `scripts/limit/guest.config` on
QEMU's microvm with 32 MiB; its first process (`scripts/limit/init.c`) prints from
user space, adds up what it wrote to 16 pages, and prints whether that was right. The
Debian guest is the stock kernel of the demo with 256 MiB.

[GUESTS.md](GUESTS.md) has the least budgets of firmware, memtest86+, Xen and others.

`most resident` is by KVM's own counters. Under `lend` and `emulate` the limit is the
budget plus what is lent. `emulated` counts instructions that KVM's emulator ran in
place of mapping their pages, `IRETQ` those of them that return from interrupts, by the module,
`refused` what could not be emulated.

## The small guest with one page, strictly

Command: `scripts/limit.sh small-strict-1`. Nothing is lent; what cannot be emulated stops
the guest.

@{[headline('small-strict-1')]}
@{[table('small', 'strict')]}
## The small guest with one page

Command: `scripts/limit.sh small-emulate-1`.

@{[headline('small-emulate-1')]}
@{[table('small', 'emulate')]}
Every kind of instruction and event delivery that was lent pages:

@{[lends('small-emulate-1')]}
### What bursts gain

The same guest with one page, up to the same number of instructions, with bursts of
different lengths (`scripts/limit.sh bursts`). L1's instructions are all that the host
executed, user space and idle time included.

@{[bursts()]}
## The small guest with pages lent

Commands: `scripts/limit.sh small-lend-16` and so on.

@{[table('small', 'lend')]}
## The least hard budget

With no page lent and nothing emulated; found by bisection with `on_loop=stop`
(`scripts/limit.sh small-least`).
@{[least()]}
## Debian's kernel

Commands: `scripts/limit.sh debian-lend-64` and so on.

@{[table('debian', 'lend')]}
EOT
