"""Access to a Kubernetes cluster: where its API server is, and how we show who we are."""
