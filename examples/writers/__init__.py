"""Small writers of the formats that the samples come in: bytes out, no library beyond numpy."""
