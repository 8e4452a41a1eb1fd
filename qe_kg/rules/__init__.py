"""What rules say about a model, beyond whether it conforms: cuts, consent, evidence and repair."""
