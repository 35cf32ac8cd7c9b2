# Perl's HTTP::Tiny: URL KEY SOCKET
use strict;
use warnings;
use HTTP::Tiny;

my ($url, $key) = @ARGV;
my $client = HTTP::Tiny->new(default_headers => {Authorization => "Bearer $key"});
for my $answer ($client->get("$url/v1/tokens/zipteams"), $client->post("$url/v1/tokens/zipteams/rejections", {content => '{"fingerprint": "000000000000", "status": 401}'})) {
    die "$answer->{status} $answer->{content}\n" unless $answer->{success};
    print "$answer->{content}\n";
}
