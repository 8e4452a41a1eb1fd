"""Publishing a model to a store elsewhere, so that a reader sees the old version or the new one and nothing between."""
