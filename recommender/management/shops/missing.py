class DataMissing(Exception):
    """A data set is not on this machine; the message says how to get it."""
