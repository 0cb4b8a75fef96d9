"""Electronic tendering: the rooms a tender passes through, from people to the opening."""
