#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Note the results of check-guests.sh in docs/GUESTS.json; what has no new result stays:
#   record.pl RESULTS FILE
# "runs" has one object for each guest, budget and policy: done, faults, evictions, loops,
# peak, kernel, date, and seconds where known. "floors" has one for each guest: floor, or
# null where the search ended before it was found; more_than and at_most, touches (pages),
# faults and seconds with at_most pages, policy, limit_seconds (of one run), kernel, date;
# below: why it does not complete with more_than pages, and the loop's instruction, vector,
# pages that it needs, class; stopped: the same with the most pages with which that was not for
# want of time, and how many; slow: with how many it was.
use strict;
use warnings;
use FindBin;
use JSON::PP;
use lib "$FindBin::Bin/../lib";
use Noted;

my ($dir, $file) = @ARGV;

# Where a guest ran under a budget twice, the later counts.
sub runs {
	my ($into, $name) = @_;
	for my $run (map { decode_json($_) } grep { /^\{.*\}$/ } split /\n/, slurp($name)) {
		my $key = "$run->{guest} $run->{pages} $run->{policy}";
		$into->{$key} = $run;
	}
}

sub below {
	my ($run) = @_;
	my $loop = $run->{loop} // return { why => $run->{why}, pages => $run->{pages} };
	return { why => $run->{why}, pages => $run->{pages}, class => $loop->{class}, vector => $loop->{vector},
		rip => $loop->{rip}, insn => $loop->{disassembly} // $loop->{insn},
		needs => $loop->{needs} // scalar @{$loop->{pages}} };
}

sub of_floor {
	my ($name) = @_;
	my $all = decode_json(slurp($name));
	my ($at) = grep { $_->{completed} && $_->{pages} == ($all->{at_most} // 0) } @{$all->{runs}};
	my $r = { map { $_ => $all->{$_} } qw(floor more_than at_most policy limit_seconds kernel date) };
	$r->{touches} = $all->{runs}[0]{peak} // return undef;
	$r->{faults} = $at->{faults};
	$r->{seconds} = $at->{seconds};
	$r->{below} = $all->{below} ? below($all->{below}) : undef;
	my ($stopped) = sort { $b->{pages} <=> $a->{pages} }
		grep { !$_->{completed} && $_->{why} ne 'time' } @{$all->{runs}};
	$r->{stopped} = $stopped ? below($stopped) : undef;
	$r->{slow} = [sort { $a <=> $b } map { $_->{pages} } grep { $_->{why} eq 'time' } @{$all->{runs}}];
	return $r;
}

my $all = noted($file, 'runs', 'floors');
runs($all->{runs}, $_) for glob("$dir/*/runs");
for my $name (glob("$dir/*-floor/floor.json")) {
	my ($guest) = $name =~ m{([^/]+)-floor/floor.json$};
	$all->{floors}{$guest} = of_floor($name) // next;
}
note($file, $all);
