"""An auditor's commands: anybody's."""
