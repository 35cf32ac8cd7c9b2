// Go's net/http: URL KEY SOCKET
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
)

func main() {
	url, key, socket := os.Args[1], os.Args[2], os.Args[3]
	unix := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	for _, client := range []*http.Client{http.DefaultClient, {Transport: unix}} {
		get, _ := http.NewRequest("GET", url+"/v1/tokens/zipteams", nil)
		post, _ := http.NewRequest("POST", url+"/v1/tokens/zipteams/rejections", strings.NewReader(`{"fingerprint": "000000000000", "status": 401}`))
		for _, request := range []*http.Request{get, post} {
			request.Header.Set("Authorization", "Bearer "+key)
			answer, err := client.Do(request)
			if err != nil {
				log.Fatal(err)
			}
			body, _ := io.ReadAll(answer.Body)
			if answer.StatusCode != 200 {
				log.Fatal(answer.Status, string(body))
			}
			fmt.Println(string(body))
		}
	}
}
