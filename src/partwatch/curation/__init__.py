"""What uses screening to judge lists, catalogues and the program itself."""
