"""Directions in a generator's latents that change one thing in its faces."""
