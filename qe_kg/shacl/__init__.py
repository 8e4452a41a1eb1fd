"""A set-wise SHACL engine: shapes become a typed model, and each constraint answers for all focus nodes at once."""
