"""Deciding: /recommend interviews a person about their project and shows what it recommends, and why."""
