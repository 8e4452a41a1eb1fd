"""Which focus nodes a change can affect, and validation of just these."""
