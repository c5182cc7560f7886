// Command probe is all that the lab's test pods hold: a server that says its
// name and counts its starts, and the few tools that the tests run with exec.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 2 && os.Args[1] == "serve":
		err = serve()
	case len(os.Args) == 3 && os.Args[1] == "get":
		err = get(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "lookup":
		err = lookup(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "cat":
		err = show(os.Args[2])
	default:
		err = fmt.Errorf("probe serve | get URL | lookup NAME | cat FILE")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve answers every request with the pod's name; each start leaves a line in
// /data/starts, synced, where /data is a volume.
func serve() error {
	name, _ := os.Hostname()
	if starts, err := os.OpenFile("/data/starts", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err == nil {
		fmt.Fprintln(starts, name)
		starts.Sync()
		starts.Close()
	}
	fmt.Println("serving as", name)
	return http.ListenAndServe(":8000", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, name)
	}))
}

func get(url string) error {
	client := http.Client{Timeout: 3 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}

func lookup(name string) error {
	addresses, err := net.LookupHost(name)
	fmt.Println(strings.Join(addresses, " "))
	return err
}

func show(path string) error {
	data, err := os.ReadFile(path)
	os.Stdout.Write(data)
	return err
}
