"""Policies on findings: what the user decided to leave out or not to accept, in rules or in Rego."""
