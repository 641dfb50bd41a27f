"""What Tunewise knows and how it finds it. Runs and is tested without Discord."""
