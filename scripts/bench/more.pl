#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# What bench-more.sh measured: docs/BENCH-MORE.json, and the part of docs/BENCH.md from it.
#   more.pl note FILE CASE SERIES DATE COMMAND KERNEL BUSY <TSV
#   more.pl document FILE DIRECTORY
#   more.pl write FILE DIRECTORY DOCUMENT     the same at the end of docs/BENCH.md
# FILE has, for each case and kernel, date, command, kernel, busy, and rows: an object for
# each line of the TSV. DIRECTORY/CASE.md says what a case is about; its table follows.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Noted;

my @cases = qw(flushes waits growth events peers parallel);
my ($verb, $file, @rest) = @ARGV;

sub note_case {
	my ($case, $series, $date, $command, $kernel, $busy) = @_;
	my $all = noted($file);
	my @lines = map { chomp; [split /\t/] } <STDIN>;
	my $names = shift @lines or die "nothing was measured\n";
	my @rows = map { my %row; @row{@$names} = map { /^-?\d+(?:\.\d+)?$/ ? $_ + 0 : $_ } @$_; \%row } @lines;
	$all->{$case}{$series} = { date => $date, command => $command, kernel => $kernel,
		columns => $names, rows => \@rows, $busy ? (busy => $busy) : () };
	note($file, $all);
}

sub line { return '| ' . join(' | ', @_) . " |\n" }

# Columns that are worked out from a row's others.
sub per { my ($a, $b) = @_; return $b ? sprintf('%.3f', $a / $b) : '-' }
my %more = (
	flushes => [
		['flushes for an eviction', sub { per($_[0]{flushes}, $_[0]{evictions}) }],
		['waits for an eviction', sub { per($_[0]{waits}, $_[0]{evictions}) }],
	],
	waits => [
		['flushes for an eviction', sub { per($_[0]{flushes}, $_[0]{evictions}) }],
		['waits for an eviction', sub { per($_[0]{waits}, $_[0]{evictions}) }],
	],
	growth => [['at most 24 a page', sub { $_[0]{per_page} <= 24 ? 'met' : 'MISSED' }]],
	events => [['a million a second, none lost',
		sub { $_[0]{lost} ? 'MISSED: lost' : $_[0]{events_per_second} >= 1e6 ? 'met' : 'not reached' }]],
);

sub table {
	my ($case, $kernels) = @_;
	my @series = sort { ($a =~ /^(\d+)/)[0] <=> ($b =~ /^(\d+)/)[0] or ($a =~ /(\d+)$/)[0] <=> ($b =~ /(\d+)$/)[0] } keys %$kernels;
	my @columns = @{$kernels->{$series[0]}{columns}};
	my @more = @{$more{$case} // []};
	my $text = '';
	for my $s (@series) {
		my $k = $kernels->{$s};
		$text .= "- $s: $k->{kernel}, $k->{date}" . ($k->{busy} ? "; $k->{busy}" : '') . "\n";
	}
	my (%of, @commands);
	for (@series) {
		my $command = $kernels->{$_}{command};
		push @commands, $command unless $of{$command};
		push @{$of{$command}}, $_;
	}
	$text .= "\n" . join('', map { "    $_" . (@commands > 1 ? "  # @{$of{$_}}" : '') . "\n" } @commands) . "\n";
	$text .= line('kernel', (map { s/_/ /gr } @columns), map { $_->[0] } @more);
	$text .= line(('---') x (1 + @columns + @more));
	for my $s (@series) {
		for my $row (@{$kernels->{$s}{rows}}) {
			$text .= line($s, (map { $row->{$_} // '-' } @columns), map { $_->[1]->($row) } @more);
		}
	}
	return $text;
}

sub section {
	my ($dir, $case) = @_;
	return slurp("$dir/$case.md") // die("$dir/$case.md: $!\n");
}

sub document {
	my ($dir) = @_;
	my $all = noted($file);
	return join('', map { "\n" . section($dir, $_) . "\n" . table($_, $all->{$_}) }
		grep { $all->{$_} } @cases);
}

# From the first of our headings on, the document is ours.
sub write_to {
	my ($dir, $doc) = @_;
	my $text = slurp($doc) // die("$doc: $!\n");
	for my $case (@cases) {
		my ($heading) = section($dir, $case) =~ /^(## .*)/;
		my $at = index($text, "\n\n$heading\n");
		$text = substr($text, 0, $at + 1) if $at >= 0;
	}
	replace($doc, $text . document($dir));
}

my %verbs = (note => \&note_case, document => sub { print document(@_) }, write => \&write_to);
($verbs{$verb} // die "more.pl: no such verb\n")->(@rest);
