"""Stage 3, files to packages: one file a format, a layer at a time; `merge` joins the layers."""
