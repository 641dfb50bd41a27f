"""Privacy: what is stored about a person, shown, handed out and deleted by that person."""
