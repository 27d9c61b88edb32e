"""The client's commands on files in a folder."""
