"""The command `detector`: thin sub-commands around the packages that do the work."""
