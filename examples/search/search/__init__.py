"""A full-text search service: documents in, ranked and highlighted results out."""
