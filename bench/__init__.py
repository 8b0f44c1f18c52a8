"""What a message costs here, in figures: `make bench`. Nothing is asserted; only this machine is measured."""
