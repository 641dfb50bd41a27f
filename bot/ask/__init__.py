"""Asking: /ask, a mention, a reply, a direct message and "Ask about this message" all lead to one answer."""
