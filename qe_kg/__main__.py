"""``python -m qe_kg`` is ``qe-kg``."""

from qe_kg.cli import main

main()
