"""One file per family of architectures: the networks and their recipe, complete."""
