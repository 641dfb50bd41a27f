"""/compare: prompt engineering and fine-tuning side by side, aspect by aspect, from the tables that are indexed."""
