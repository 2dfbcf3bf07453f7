"""Coverage-guided fuzzing of every reader and of the whole path to a finding; docs/fuzzing.md."""
