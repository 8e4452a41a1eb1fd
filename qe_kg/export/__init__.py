"""Writing a model as RDF: safely, the same way each time, and in the form that its reader expects."""
