#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# docs/LIMIT.md from the results of limit.sh: table.pl DIRECTORY
use strict;
use warnings;
use JSON::PP;

my ($dir) = @ARGV;

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
	my ($guest, $on_loop, $pages, $version) = split ' ', (slurp("$dir/$name/what") // return);
	my $summary = decode_json(slurp("$dir/$name/summary.json") // return);
	my $vm = $summary->{vms}[0] or return;
	return { name => $name, how => $how, seconds => $seconds, guest => $guest,
		on_loop => $on_loop, pages => $pages, version => $version, vm => $vm,
		stats => $vm->{stats} };
}

sub by_pages { $b->{pages} <=> $a->{pages} }

my @results = map { result($_) // () } map { m{([^/]+)/result$} } glob("$dir/*/result");
my @kept = grep { $_->{on_loop} ne 'stop' } @results;
my ($version) = map { $_->{version} } @results;
die "no results in $dir\n" unless $version;

sub row { return '| ' . join(' | ', @_) . " |\n" }

sub classes {
	my ($vm) = @_;
	my %times;
	$times{$_->{class}} += $_->{times} for @{$vm->{loops}};
	return join(', ', map { "$_ $times{$_}" } sort keys %times) || '-';
}

sub table {
	my ($guest) = @_;
	my @rows = sort { $a->{on_loop} cmp $b->{on_loop} or by_pages } grep { $_->{guest} eq $guest } @kept;
	return "Not run yet.\n" unless @rows;
	my $text = row('budget', 'on_loop', 'user space', 'faults', 'loops', 'most resident',
		'pages lent, at a time', 'in sum', 'emulated', 'IRETQ', 'refused', 's');
	$text .= row('---:', '---', '---', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---:');
	for my $r (@rows) {
		my $s = $r->{stats};
		$text .= row($r->{pages}, $r->{on_loop}, $r->{how}, $s->{faults}, $s->{loops}, $s->{peak},
			$s->{lent_peak}, $s->{lent}, $s->{instructions}, $s->{irets}, $s->{refused}, $r->{seconds});
	}
	return $text;
}

# What stood between a guest and its budget, in one run.
sub lends {
	my ($name) = @_;
	my ($r) = grep { $_->{name} eq $name } @results;
	return "Not run yet.\n" unless $r;
	my $text = row('what', 'not emulated', 'lent pages', 'at most');
	$text .= row('---', '---:', '---:', '---:');
	for my $l (sort { $b->{lends} <=> $a->{lends} } @{$r->{vm}{lends}}) {
		my $what = defined $l->{opcode} ? "opcode $l->{opcode}" :
			defined $l->{vector} ? "delivery of vector $l->{vector}" : 'others';
		$text .= row($what, $l->{refused}, $l->{lends}, $l->{peak});
	}
	return $text;
}

sub least {
	my ($low, $high) = split ' ', (slurp("$dir/small-least/result") // return "Not run yet.\n");
	my ($r) = grep { $_->{name} eq "small-stop-$low" } @results;
	my ($ok) = grep { $_->{name} eq "small-stop-$high" } @results;
	my $text = "With **$high pages** it boots, with $low it does not.";
	$text .= " With $high it took $ok->{stats}{faults} faults and no loop." if $ok;
	if ($r && @{$r->{vm}{loops}}) {
		my $loop = $r->{vm}{loops}[-1];
		my $insn = $loop->{disassembly} // $loop->{insn} // '?';
		my $needs = $loop->{needs} // scalar @{$loop->{pages}};
		$text .= " What stops it at $low: $loop->{class} at rip $loop->{rip}, `$insn`, which needs at least $needs pages at once.";
	}
	return "$text\n";
}

print <<"EOT";
# Linux at the limit

Made by `make limit`; do not edit. Each run boots a guest in the lab and ends when
it has reached user space.

CPU: QEMU's TCG, AMD EPYC model (emulated), one CPU, one vCPU. Host kernel: Debian's
$version. Seconds are wall time on a busy machine with emulation of emulation: they
compare runs at best.

The small guest is Debian's linux-source 6.12 with `scripts/limit/guest.config` on
QEMU's microvm with 32 MiB; its first process (`scripts/limit/init.c`) prints from
user space, adds up what it wrote to 16 pages, and prints whether that was right. The
Debian guest is the stock kernel of the demo with 256 MiB.

`most resident` is by KVM's own counters. Under `lend` and `emulate` the limit is the
budget plus what is lent. `emulated` counts instructions that KVM's emulator ran in
place of mapping their pages, `IRETQ` those of them that the module carried out,
`refused` what could not be emulated.

## The small guest

@{[table('small')]}
### What stands between it and one page

Of the run with one page and `emulate`, every kind of instruction and event that was
lent pages:

@{[lends('small-emulate-1')]}
### The least hard budget

With no page lent and nothing emulated; found by bisection with `on_loop=stop`.
@{[least()]}
## Debian's kernel

@{[table('debian')]}
EOT
