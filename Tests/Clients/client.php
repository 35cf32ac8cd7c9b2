<?php
// PHP's http stream: URL KEY SOCKET
[, $url, $key] = $argv;
foreach ([["", "GET"], ["/rejections", "POST"]] as [$path, $method]) {
    $options = ["method" => $method, "header" => "Authorization: Bearer $key", "content" => $method === "POST" ? '{"fingerprint": "000000000000", "status": 401}' : ""];
    $answer = file_get_contents("$url/v1/tokens/zipteams$path", false, stream_context_create(["http" => $options]));
    if ($answer === false) {
        exit(1);
    }
    echo "$answer\n";
}
