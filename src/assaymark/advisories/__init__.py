"""Stage 4, what is known: the trivy-db reader, its download and its freshness, the sample database."""
