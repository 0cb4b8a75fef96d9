"""What the law demands, as data: rules, articles and kinds of trade."""
