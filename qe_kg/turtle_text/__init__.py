"""Turtle as text that a person wrote: its parts with their places, and edits that keep the rest as it is."""

from qe_kg.turtle_text.document import Document, NotEditableError, Triple, parse_document
from qe_kg.turtle_text.edit import edit_text

__all__ = ["Document", "NotEditableError", "Triple", "edit_text", "parse_document"]
