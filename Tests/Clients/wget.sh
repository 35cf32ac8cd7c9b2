#!/bin/sh
# wget(1): URL KEY SOCKET
wget -q -O - --header "Authorization: Bearer $2" "$1/v1/tokens/zipteams" || exit 1
echo
wget -q -O - --header "Authorization: Bearer $2" --post-data '{"fingerprint": "000000000000", "status": 401}' "$1/v1/tokens/zipteams/rejections"
