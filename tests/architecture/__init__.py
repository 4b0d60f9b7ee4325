"""Guards over the repository itself: style, layout, imports, hygiene, docs."""
