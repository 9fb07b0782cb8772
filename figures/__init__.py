"""What sample.py makes of trained weights: faces, sheets of them, films, projections."""
