// A token server on Go's net/http, as one would write it: the key is compared, the token looked up, expires_in counted.
package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

type token struct {
	Value     string            `json:"access_token"`
	Type      string            `json:"token_type"`
	ExpiresIn int64             `json:"expires_in"`
	ExpiresAt string            `json:"expires_at"`
	Headers   map[string]string `json:"headers"`
}

func main() {
	key := sha256.Sum256([]byte("demo"))
	end := time.Now().Add(24 * time.Hour)
	value := strings.Repeat("a", 800)
	tokens := map[string]string{"zipteams": value}
	http.HandleFunc("/v1/tokens/", func(writer http.ResponseWriter, request *http.Request) {
		given := sha256.Sum256([]byte(strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")))
		if subtle.ConstantTimeCompare(given[:], key[:]) != 1 {
			writer.WriteHeader(http.StatusUnauthorized)
			return
		}
		value, found := tokens[strings.TrimPrefix(request.URL.Path, "/v1/tokens/")]
		if !found {
			writer.WriteHeader(http.StatusForbidden)
			return
		}
		writer.Header().Set("Content-Type", "application/json")
		writer.Header().Set("Cache-Control", "no-store")
		json.NewEncoder(writer).Encode(token{value, "Bearer", int64(time.Until(end).Seconds()), end.Format(time.RFC3339), map[string]string{"Authorization": "Bearer " + value}})
	})
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
