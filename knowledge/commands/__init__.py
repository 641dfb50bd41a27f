"""The commands of `python -m knowledge`, a module each; each imports its parts when it runs."""
