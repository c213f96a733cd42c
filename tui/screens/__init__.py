"""One screen per file; each says which of its keys the footer shows."""
