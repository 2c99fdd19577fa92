#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Note the results of limit.sh in docs/LIMIT.json:
#   record.pl DIRECTORY FILE
# "runs" has one object for each name: date, kernel, how (reached, stopped, timeout,
# ended), seconds (of L1's clock), given (when it was to end, the same), wall and cpu (of
# this machine, seconds), work (how much busybox was given to do), stats, lends and, where a
# loop stopped it, that loop as "nptbudget run" gives them, and oracle (resident, backed,
# samples: see selftests/tools/oracle.c). "bursts" has the lines of bursts.sh, "least" the two
# budgets that bisection ended with.
use strict;
use warnings;
use FindBin;
use JSON::PP;
use POSIX qw(strftime);
use lib "$FindBin::Bin/../lib";
use Noted;

my ($dir, $file) = @ARGV;

sub words { return split ' ', (slurp("$dir/$_[0]") // '') }

sub date { return strftime('%Y-%m-%d', gmtime((stat "$dir/$_[0]/result")[9])) }

# A run, or nothing where it was cut short.
sub run {
	my ($name) = @_;
	my ($how, $seconds) = words("$name/result");
	my ($kernel, $given) = words("$name/what");
	my ($wall, $cpu) = words("$name/cost");
	my $summary = decode_json(slurp("$dir/$name/summary.json") // return);
	my $vm = $summary->{vms}[0] or return;
	my %oracle = words("$name/oracle");
	return { how => $how, seconds => $seconds + 0, kernel => $kernel, given => $given + 0,
		wall => $wall + 0, cpu => $cpu + 0, date => date($name), stats => $vm->{stats},
		-f "$dir/$name/work" ? (work => slurp("$dir/$name/work")) : (),
		lends => $vm->{lends}, loop => $how eq 'stopped' ? $vm->{loops}[-1] : undef,
		oracle => { map { $_ => $oracle{$_} + 0 } grep { /^\w+$/ && $oracle{$_} =~ /^\d+$/ } keys %oracle } };
}

my $all = noted($file, 'runs');
for my $name (map { m{([^/]+)/result$} } glob("$dir/*/result")) {
	if ($name eq 'bursts') {
		my ($kernel) = words('bursts/what');
		$all->{bursts} = { date => date($name), kernel => $kernel,
			lines => [map { [map { $_ + 0 } split] } split /\n/, slurp("$dir/bursts/result")] };
	} elsif ($name eq 'small-least') {
		$all->{least} = [map { $_ + 0 } words('small-least/result')];
	} else {
		$all->{runs}{$name} = run($name) // next;
	}
}
note($file, $all);
