"""The operator's commands: one file for each family, the same services and rules as every other door."""
