"""What supervision sees of every tender in its area: duties, cards, where to look."""
