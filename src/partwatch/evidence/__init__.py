"""What a likeness is worth: calibration against a population, bits, and how they are said."""
