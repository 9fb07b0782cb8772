"""A quiz: can people tell real faces from generated ones? Its page, and what its answers say."""
