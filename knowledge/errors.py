"""What can go wrong with the knowledge; each message is a sentence for the person who runs or maintains it."""


class KnowledgeError(Exception):
    """Something about the knowledge failed; the message says what happened and what to do now."""


class NoIndexError(KnowledgeError):
    """Nothing has been published yet."""


class IndexMismatchError(KnowledgeError):
    """The published index was built with another embedding model than the one in the settings."""


class StoreUnreachableError(KnowledgeError):
    """The Chroma server, or the directory of the index, cannot be reached."""


class UnreadableFileError(KnowledgeError):
    """A file that cannot become a document; the message is the reason."""


class DamagedVersionError(KnowledgeError):
    """A version of which something is missing in the store."""


class IndexBusyError(KnowledgeError):
    """Another run is indexing; the message says whose, and since when."""


class IndexCancelledError(KnowledgeError):
    """A run was cancelled before it published anything."""
