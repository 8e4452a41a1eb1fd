"""Reading RDF files and querying them. pyoxigraph is used in this package only."""
