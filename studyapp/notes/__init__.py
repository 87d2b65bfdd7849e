"""Text ⇄ notes: one module per file format, no database, no terminal."""
