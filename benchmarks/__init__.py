"""Tunewise measured, side by side with the stack people would otherwise build."""
