#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# A small archive on 127.0.0.1, and a proxy to itself: what is asked for at any
# host is answered with the files below DIR, without a look at the host's name.
#   serve.pl DIR PORTFILE LOG     writes its port to PORTFILE, and to LOG what it
#                                 was asked for, a line each; runs until killed
use strict;
use warnings;
use IO::Socket::INET;

$SIG{PIPE} = "IGNORE";
my ($dir, $portfile, $logfile) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 20)
	or die "cannot listen: $!\n";
open my $log, '>>', $logfile or die "$logfile: $!\n";
$log->autoflush(1);
open my $out, '>', "$portfile.new" or die "$portfile: $!\n";
print $out $listener->sockport, "\n";
close $out;
rename "$portfile.new", $portfile or die "$portfile: $!\n";

while (my $client = $listener->accept) {
	my $request = <$client> // next;
	while (my $line = <$client>) { last if $line =~ /^\r?\n$/; }
	my ($url) = $request =~ m{^GET (\S+) HTTP} or next;
	print $log "$url\n";
	my $path = $url =~ s{^http://[^/]+}{}r;
	$path =~ s/%([0-9a-fA-F]{2})/chr hex $1/ge;
	my $file = "$dir$path";
	if ($path !~ /\.\./ && -f $file && open my $in, '<:raw', $file) {
		local $/;
		my $data = <$in>;
		print $client "HTTP/1.0 200 OK\r\nContent-Length: ", length $data, "\r\n\r\n", $data;
	} else {
		print $client "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	}
	close $client;
}
