"""The studio: a page that generates faces by itself."""
