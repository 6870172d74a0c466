"""The pieces of the HTML report: markup, figures, embedded data, and the page's own text files."""
