// Go's x/oauth2: BROKER URL
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2/clientcredentials"
)

func get(client *http.Client, url string) string {
	answer, err := client.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != 200 {
		log.Fatal(answer.Status, " ", string(body))
	}
	return strings.TrimSpace(string(body))
}

func main() {
	broker, url := os.Args[1], os.Args[2]
	config := clientcredentials.Config{ClientID: "demo", ClientSecret: "demo", TokenURL: broker + "/oauth2/token", Scopes: []string{"zapper"}}
	client := config.Client(context.Background())
	first := get(client, url)
	last := first
	for last == first {
		time.Sleep(500 * time.Millisecond)
		last = get(client, url)
	}
	fmt.Printf("%s\n%s\n", first, last)
}
