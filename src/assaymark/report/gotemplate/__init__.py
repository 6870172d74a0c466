"""Templates as the reference's users write them: Go's text/template, read and carried out here.

The language is that of https://pkg.go.dev/text/template, the functions are those of `library/`. Data flows through the
files in this order: `lexer` (text → tokens), `parser` (tokens → a tree of `expressions` and `statements`), `results`
(a report → the values that a template sees), `run` (what one execution has and may spend), `printing` (values → text).

A template is the user's own file, what it prints is not: nothing in it reaches the host, the network or a process, and
size of the output, number of steps and depth are bounded. Whatever goes wrong ends with one `UsageError` that names the
file, the line and the construct.
"""
