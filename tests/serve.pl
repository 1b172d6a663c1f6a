#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# serve.pl FOLDER PORT_FILE LOG: an HTTP server with bad habits, for tests of downloads.
#
# Listens on 127.0.0.1 only, on a free port that it writes to PORT_FILE, and ends after 200 requests
# or 120 seconds. LOG gets one line a request: path and Range. The first part of the path is the
# habit, the last the file in FOLDER:
#   good     as asked, Range honoured           norange  drops half way, then ignores Range
#   drop     drops half way; the rest by Range  short    never gets beyond the half
#   less     100 bytes less, and says so        more     100 bytes more, and says so
#   other    right size, one other byte         html     a page with status 200
#   404, 503 that status with a page            busy     503 once, then as good
#   moved    redirects to good                  loop     redirects to itself
#   endless  never stops, says no length        stall    100 bytes, then nothing
#   plain    the whole, Range ignored           hang     half, then nothing
use strict;
use warnings;
use IO::Socket::INET;

my ($folder, $port_file, $log_file) = @ARGV;
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { exit 1 };
alarm 120;

my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp',
                                   Listen => 8) or die "serve.pl: $!\n";
open my $log, '>>', $log_file or die "serve.pl: $log_file: $!\n";
$log->autoflush(1);
open my $port, '>', "$port_file.new" or die "serve.pl: $port_file: $!\n";
print $port $server->sockport, "\n";
close $port;
rename "$port_file.new", $port_file or die "serve.pl: $port_file: $!\n";

my $page = "<!DOCTYPE html>\n<html><body>Sign in to this network</body></html>\n";
my %seen;

sub slurp {
    my ($name) = @_;
    open my $in, '<:raw', "$folder/$name" or return undef;
    local $/;
    return <$in>;
}

sub head {
    my ($status, $length, @more) = @_;
    my @lines = ("HTTP/1.1 $status", 'Connection: close', @more);
    push @lines, "Content-Length: $length" if defined $length;
    return join("\r\n", @lines) . "\r\n\r\n";
}

sub whole {
    my ($body) = @_;
    return head('200 OK', length $body) . $body;
}

sub dropped {
    my ($body) = @_;
    return head('200 OK', length $body) . substr($body, 0, length($body) / 2);
}

sub ranged {
    my ($body, $from) = @_;
    my $length = length $body;
    return whole($body) unless defined $from;
    return head('416 Range Not Satisfiable', 0, "Content-Range: bytes */$length")
        if $from >= $length;
    return head('206 Partial Content', $length - $from,
                sprintf('Content-Range: bytes %d-%d/%d', $from, $length - 1, $length))
        . substr($body, $from);
}

# Never gets beyond the byte END.
sub stuck {
    my ($body, $from, $end) = @_;
    my ($head) = ranged($body, $from) =~ /^(.*?\r\n\r\n)/s;
    $from //= 0;
    return $head . substr($body, $from, $end - $from);
}

sub altered {
    my ($body) = @_;
    substr($body, 7, 1) = substr($body, 7, 1) eq 'x' ? 'y' : 'x';
    return $body;
}

sub answer {
    my ($habit, $path, $name, $from) = @_;
    my $body = slurp($name);
    return head('404 Not Found', length $page) . $page if !defined $body || $habit eq '404';
    return ranged($body, $from) if $habit eq 'good';
    return defined $from ? ranged($body, $from) : dropped($body) if $habit eq 'drop';
    return defined $from ? whole($body) : dropped($body) if $habit eq 'norange';
    return stuck($body, $from, int(length($body) / 2)) if $habit eq 'short';
    return whole(substr($body, 0, length($body) - 100)) if $habit eq 'less';
    return whole($body) if $habit eq 'plain';
    return whole($body . 'x' x 100) if $habit eq 'more';
    return ranged(altered($body), $from) if $habit eq 'other';
    return whole($page) if $habit eq 'html';
    return head('302 Found', 0, "Location: /good/$name") if $habit eq 'moved';
    return head('302 Found', 0, "Location: $path") if $habit eq 'loop';
    return ranged($body, $from) if $habit eq 'busy' && $seen{$path}++;
    return head('503 Service Unavailable', length $page) . $page;
}

for my $request (1 .. 200) {
    my $client = $server->accept or next;
    my $line = <$client> // '';
    my $from;
    while (defined(my $header = <$client>)) {
        last if $header =~ /^\r?\n$/;
        $from = $1 if $header =~ /^Range:\s*bytes=(\d+)-/i;
    }
    my ($path) = $line =~ m{^GET (/[\w./-]*) } or next;
    my (undef, $habit) = split m{/}, $path;
    my ($name) = $path =~ m{([^/]*)$};
    print $log $path, defined $from ? " $from" : '', "\n";
    if ($habit eq 'endless') {
        print $client head('200 OK', undef);
        # Bounded, so that a client that never stops fails its test instead of filling the disk.
        for (1 .. 1024) {
            print $client 'x' x 65536 or last;
        }
    } elsif ($habit eq 'stall' || $habit eq 'hang') {
        my $body = slurp($name);
        print $client stuck($body, $from, $habit eq 'hang' ? int(length($body) / 2) : 100);
        my $bits = '';
        vec($bits, fileno $client, 1) = 1;
        select $bits, undef, undef, 20;
    } else {
        print $client answer($habit, $path, $name, $from);
    }
    close $client;
}
