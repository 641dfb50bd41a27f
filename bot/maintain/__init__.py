"""Maintaining: /knowledge, with which maintainers publish the documents and see what they lack."""
