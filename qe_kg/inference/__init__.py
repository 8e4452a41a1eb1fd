"""What follows from a model by its OWL axioms, why it follows, and where it contradicts itself."""
