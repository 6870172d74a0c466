"""The only sockets of the program: HTTP with timeouts, caps, retries, redirects, proxies and certificates."""
