"""The words of the design as frozen types: meshes, the result document, the error tree."""
