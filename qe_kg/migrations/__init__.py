"""Migrations: what a model needs when a release renames or reshapes a term."""

from qe_kg.migrations.library import Migration, read_migrations
from qe_kg.migrations.rewrite import Migrated, migrate_query, migrate_text

__all__ = ["Migrated", "Migration", "migrate_query", "migrate_text", "read_migrations"]
