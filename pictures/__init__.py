"""Reading pictures: where they are, what is in them, and the cache of their pixels."""
