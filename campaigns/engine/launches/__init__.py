"""A product nobody has bought yet: how many would, who first, what it takes from; learnt from past launches."""
