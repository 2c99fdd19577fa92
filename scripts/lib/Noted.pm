# SPDX-License-Identifier: GPL-2.0-only
# Results that stay: JSON files of docs/, read and replaced whole.
#   use FindBin;
#   use lib "$FindBin::Bin/../lib";
#   use Noted;
package Noted;
use strict;
use warnings;
use Exporter qw(import);
use JSON::PP;

our @EXPORT = qw(slurp replace noted note);

# A file's text, undef where it cannot be read.
sub slurp {
	my ($name) = @_;
	open my $fh, '<', $name or return undef;
	local $/;
	return <$fh>;
}

# Whoever reads the file sees the old text or the new one.
sub replace {
	my ($file, $text) = @_;
	open my $out, '>', "$file.new" or die "$file.new: $!\n";
	print $out $text;
	close $out or die "$file.new: $!\n";
	rename "$file.new", $file or die "$file: $!\n";
}

# What was noted in a file; empty sections, of these names, where it is not there.
sub noted {
	my ($file, @sections) = @_;
	my $text = slurp($file);
	return defined $text ? decode_json($text) : { map { $_ => {} } @sections };
}

sub note {
	my ($file, $all) = @_;
	replace($file, JSON::PP->new->canonical->pretty->indent_length(1)->encode($all));
}

1;
